import { readFileSync } from "node:fs";
import { familyProcesses } from "../e2e/family.ts";

export type Role = "nanny" | "worker" | "slot";

export interface FoundProcess {
  readonly pid: number;
  readonly parent: number;
  readonly role: Role;
}

/** The processes of our own family that chaos may strike: whatever is or belongs to a worker. */
export function findVictims(): FoundProcess[] {
  return familyProcesses().flatMap((line) => {
    const pid = Number.parseInt(line, 10);
    const role = roleOf(line);
    const parent = role === undefined ? undefined : parentOf(pid);
    return role === undefined || parent === undefined ? [] : [{ pid, parent, role }];
  });
}

function roleOf(line: string): Role | undefined {
  if (/\bslot-main\.[jt]s/.test(line)) return "slot";
  if (/\bworker-main\.[jt]s/.test(line)) return "worker";
  if (!/\bmain\.[jt]s worker\b/.test(line)) return undefined;
  return line.includes("--no-nanny") ? "worker" : "nanny";
}

function parentOf(pid: number): number | undefined {
  try {
    // After the name, which stands in parentheses and may hold anything: state, then the parent.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

/** False: it was gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
