import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { isAlive, placeOf, startOf } from "../protocol/process-identity.ts";

// Directories for temporary files carry the name of the process that owns them, so that whoever comes later can tell what
// a process left that was killed, and never touches what a live one uses.

const temporaryPrefix = "muster-worker";

/** Makes a directory of this process's own in `parent`, which is made, too, if need be. */
export async function makeOwnedDirectory(parent: string, prefix: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  return mkdtemp(join(parent, `${prefix}-${placeOf()}-${process.pid}-${startOf(process.pid) ?? 0}-`));
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
  const here = `${prefix}-${placeOf()}-`;
  for (const name of names) {
    if (!name.startsWith(here)) continue;
    const [pid, start] = name.slice(here.length).split("-");
    if (!isAlive(Number(pid), start ?? "")) await rm(join(parent, name), { recursive: true, force: true });
  }
}
