import { readdirSync, readFileSync } from "node:fs";

/**
 * The memory that a process and all that it has started hold, in bytes; undefined where there is no /proc, or the process
 * has ended. Pages of files (the programs themselves) do not count: processes share them, and the system can drop them.
 */
export function processTreeBytes(pid: number): number | undefined {
  const own = heldBytes(pid);
  if (own === undefined) return undefined;
  let bytes = own;
  for (const child of childrenOf(pid)) bytes += processTreeBytes(child) ?? 0;
  return bytes;
}

function heldBytes(pid: number): number | undefined {
  const kib = [...readText(`/proc/${pid}/status`).matchAll(/^Rss(?:Anon|Shmem):\s+(\d+)/gm)];
  return kib.length === 0 ? undefined : kib.reduce((sum, [, amount]) => sum + Number(amount) * 1024, 0);
}

/** Each thread of a process lists the processes that it started itself. */
function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readText(`/proc/${pid}/task/${thread}/children`).split(" ").map(Number).filter(Boolean),
    );
  } catch {
    return [];
  }
}

/** A process may end between one look and the next. */
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
