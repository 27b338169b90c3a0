import { endAttempt } from "./attempts.ts";
import { stoppedAttempt } from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import type { Following, Task } from "./task.ts";
import { type StoppingAttempt, stoppingKey, type WorkerRecord } from "./worker-record.ts";

/** What becomes of running code when a failure or a cancellation reaches its task. */
export interface StopOrder {
  readonly force: boolean;
  readonly reason: string;
  /** Told of every attempt that was running somewhere. */
  readonly onTakenBack?: (attempt: StoppingAttempt) => void;
}

/** Has the worker of a task's latest attempt end it; its place counts as taken until the worker confirms. */
export function stopAttempt(
  state: SchedulerState,
  task: Task,
  { worker, attempt, lent }: { readonly worker: WorkerRecord; readonly attempt: number; readonly lent: boolean },
  { force, reason, onTakenBack }: StopOrder,
): void {
  const { resources } = task.placement;
  const recorded = stoppedAttempt(state, task, worker, reason);
  endAttempt(task, "cancelled", reason, state.nowMs);
  worker.consume(resources);
  if (lent) worker.lent++;
  const stopping: StoppingAttempt = {
    task: task.id,
    attempt,
    resources,
    lent,
    force,
    reason,
    whenStopped: [],
    recorded,
  };
  worker.stopping.set(stoppingKey(task.id, attempt), stopping);
  task.stoppingOn = new Set([...task.stoppingOn, worker]);
  state.toWorker(worker, { op: "cancel", task: task.id, attempt, force, reason });
  onTakenBack?.(stopping);
}

/** A task that follows another is to wait here again, like any other. */
export function withdraw(state: SchedulerState, task: Task, order: StopOrder): void {
  const following = unfollow(task);
  if (following === undefined) return;
  const { worker, attempt } = following;
  if (worker.gone) endAttempt(task, "lost", "its worker is gone", state.nowMs);
  else stopAttempt(state, task, { worker, attempt, lent: false }, order);
}

/** Where it followed whom; from now on it does not. */
export function unfollow(task: Task): Following | undefined {
  const { state: waiting } = task;
  if (waiting.kind !== "waiting" || waiting.follows === undefined) return undefined;
  const { follows } = waiting;
  waiting.follows = undefined;
  if (follows.leader.state.kind === "processing") follows.leader.state.follower = undefined;
  return follows;
}
