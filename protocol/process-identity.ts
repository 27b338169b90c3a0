import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import os from "node:os";

// What a process leaves behind outside of itself (directories, containers) carries its identity, so that whoever comes later
// can tell what a process left that was killed, and never touches what a live one uses.

/** Process numbers mean something only on one machine, between two starts of it, and in one container. */
export function placeOf(): string {
  const parts = [os.hostname(), bootOf(), namespaceOf()];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 12);
}

/** Whether the process of that number and start lives, as far as can be known. */
export function isAlive(pid: number, start: string): boolean {
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
export function startOf(pid: number): string | undefined {
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
