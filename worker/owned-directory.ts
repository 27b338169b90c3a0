import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";

// Directories for temporary files carry the name of the process that owns them, so that whoever comes later can tell what
// a process left that was killed, and never touches what a live one uses.

const temporaryPrefix = "muster-worker";

/** Makes a directory of this process's own in `parent`, which is made, too, if need be. */
export async function makeOwnedDirectory(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${prefix}-${place()}-${process.pid}-${startOf(process.pid) ?? 0}-`));
}

/**
 * Makes a directory among the system's temporary files for a worker; removes those of workers and nannies that were killed
 * together, so that nobody was left to do it.
 */
export async function makeTemporaryDirectory(): Promise<string> {
  await removeOrphanedDirectories(os.tmpdir(), temporaryPrefix);
  return makeOwnedDirectory(os.tmpdir(), temporaryPrefix);
}

/** Removes those of the directories in `parent` whose owner has ended on this machine. Those of other machines stay. */
export async function removeOrphanedDirectories(parent: string, prefix: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const here = `${prefix}-${place()}-`;
  for (const name of names) {
    if (!name.startsWith(here)) continue;
    const [pid, start] = name.slice(here.length).split("-");
    if (!lives(Number(pid), start ?? "")) await rm(join(parent, name), { recursive: true, force: true });
  }
}

/** Process numbers mean something only on one machine, between two starts of it, and in one container. */
function place(): string {
  const parts = [os.hostname(), bootOf(), namespaceOf()];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
}

function lives(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process lives, too.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  // Numbers are used again; the time of the start tells two processes of one number apart, where it can be known.
  const now = startOf(pid);
  return now === undefined || now === start;
}

/** When a process started, in ticks since the machine did. */
function startOf(pid: number): string | undefined {
  const text = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The second field is the command in parentheses, which may hold anything; the start is the 22nd.
  return text?.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

const bootOf = (): string => read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))?.trim() ?? "";

const namespaceOf = (): string => read(() => readlinkSync("/proc/self/ns/pid")) ?? "";

/** Systems without /proc do without it. */
function read(from: () => string): string | undefined {
  try {
    return from();
  } catch {
    return undefined;
  }
}
