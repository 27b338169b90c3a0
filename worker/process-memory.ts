import { readdirSync, readFileSync } from "node:fs";

/**
 * The resident memory of a process and of all that it has started, in bytes; undefined where there is no /proc, or the
 * process has ended. Pages that several of them share count several times.
 */
export function processTreeBytes(pid: number): number | undefined {
  const own = residentBytes(pid);
  if (own === undefined) return undefined;
  let bytes = own;
  for (const child of childrenOf(pid)) bytes += processTreeBytes(child) ?? 0;
  return bytes;
}

function residentBytes(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
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
