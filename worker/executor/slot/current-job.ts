import { currentOwner, runAsOwner, runInContext, type TaskContext } from "../../../protocol/task-context.ts";
import type { SlotJob } from "../slot-job.ts";

let latest: SlotJob | undefined;

/** Code runs for this job from now on. */
export function beginJob(job: SlotJob): void {
  latest = job;
}

export function endJob(job: SlotJob): void {
  if (latest === job) latest = undefined;
}

/** Whatever `body` awaits, schedules or leaves behind is this job's. */
export function runForJob<T>(job: SlotJob, body: () => T): T {
  return runAsOwner(job, body);
}

/** The same, with what the job's task may know of itself. */
export function runTask<T>(job: SlotJob, context: TaskContext, body: () => T): T {
  return runInContext(context, body, job);
}

/** The job whose code is running now; where that got lost (callbacks of native code), the one that the slot runs. */
export function currentJob(): SlotJob | undefined {
  return (currentOwner() as SlotJob | undefined) ?? latest;
}
