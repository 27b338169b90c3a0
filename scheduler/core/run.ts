import { runsBefore, type Task } from "./task.ts";
import { TaskGroup } from "./task-group.ts";

/** All that shares slots as one party: a flow run, or what a client submits without naming a run. */
export class Run {
  readonly name: string;
  /** Its share when slots are scarce, relative to other runs'. */
  weight = 1;
  /** It never has more tasks on workers than this. */
  slotsMax: number = Number.POSITIVE_INFINITY;
  /** Slot time that its tasks used or are expected to use, by weight: the run with the least is served next. */
  weightedServiceMs = 0;
  tasks = 0;
  queued = 0;
  processing = 0;
  /** How many of those wait for tasks that they submitted themselves, and take no slot. */
  lent = 0;
  finished = 0;
  failed = 0;
  /** Its tasks by the name of what they run. */
  readonly groups: Map<string, TaskGroup> = new Map();

  constructor(name: string) {
    this.name = name;
  }

  group(name: string): TaskGroup {
    let group = this.groups.get(name);
    if (group === undefined) {
      group = new TaskGroup(name, this.name);
      this.groups.set(name, group);
    }
    return group;
  }

  serve(slotMs: number): void {
    this.weightedServiceMs += slotMs / this.weight;
  }

  /** Whether it takes part in the sharing of slots now. */
  get isBusy(): boolean {
    return this.queued + this.processing > 0;
  }

  get hasAllItsSlots(): boolean {
    return this.processing - this.lent >= this.slotsMax;
  }
}

/**
 * A run that joins the sharing (again) starts level with the least served of those that share now: it neither starves
 * them for what it did not use while it was away, nor is starved for what it used before (start-time fair queueing).
 */
export function joinSharing(run: Run, runs: Iterable<Run>): void {
  if (run.isBusy) return;
  let least = Number.POSITIVE_INFINITY;
  for (const other of runs) if (other !== run && other.isBusy) least = Math.min(least, other.weightedServiceMs);
  if (Number.isFinite(least)) run.weightedServiceMs = Math.max(run.weightedServiceMs, least);
}

/** The least served run's task goes first; within a run, the better by priority. */
export function servesBefore(a: Task, b: Task): boolean {
  const served = a.run.weightedServiceMs - b.run.weightedServiceMs;
  return a.run === b.run || served === 0 ? runsBefore(a, b) : served < 0;
}
