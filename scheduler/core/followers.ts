import { beginAttempt } from "./attempts.ts";
import { someMembers } from "./few.ts";
import { inputBytesOf, placementOf } from "./oversize.ts";
import { isShort, isToBeAlone, occupy, sendAttempt, takesTasks } from "./placement.ts";
import { joinSharing } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import { withdraw } from "./stopping.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

// In a chain of short tasks the way from the worker to here and back takes longer than the tasks do. So a task is sent to the
// worker that makes its last input while it is being made: it follows that task there, and begins without asking. To
// everybody else it waits, as it would without this, until the scheduler has heard that its input is there.

/** How many dependents of a task are looked at for one that may follow it. */
const candidatesMax = 4;
/** Whether all else that a task needs lies in one place is not looked up for more inputs than these. */
const inputsMax = 16;

/** Sends those that may follow what was placed just now. While others wait for a place, nobody is served out of turn. */
export function sendFollowers(state: SchedulerState): void {
  const { placed } = state;
  if (placed.length === 0) return;
  if (state.queued === 0) for (const task of placed) sendFollower(state, task);
  placed.length = 0;
}

function sendFollower(state: SchedulerState, leader: Task): void {
  const { state: current } = leader;
  if (current.kind !== "processing" || current.askedBack || current.follower !== undefined) return;
  const { worker } = current;
  if (!isShort(leader) || isToBeAlone(state, leader) || !takesTasks(worker) || !worker.beginsTasks) return;
  const task = someMembers(leader.dependents, candidatesMax).find((each) => mayFollow(state, each, leader, worker));
  if (task?.state.kind !== "waiting") return;
  beginAttempt(task, worker.name, state.nowMs);
  task.placement = task.taskClass.placement;
  task.state.follows = { leader, worker, attempt: task.attempts };
  current.follower = task;
  sendAttempt(state, task, worker);
}

function mayFollow(state: SchedulerState, task: Task, leader: Task, worker: WorkerRecord): boolean {
  if (task.state.kind !== "waiting" || task.state.missing > 1 || task.state.follows !== undefined) return false;
  if (task.run !== leader.run || !task.taskClass.placement.unrestricted || !isShort(task)) return false;
  if (task.stoppingOn.size > 0 || isToBeAlone(state, task) || task.deps.length > inputsMax) return false;
  return task.deps.every((dep) => dep === leader || dep.holders.has(worker));
}

/** Who follows the task on the worker that has made its result, and follows it no longer now that it is done. */
export function takeFollower({ state }: Task, worker: WorkerRecord): Task | undefined {
  if (state.kind !== "processing" || state.worker !== worker) return undefined;
  const { follower } = state;
  state.follower = undefined;
  return follower;
}

/** The task has all of its inputs on the worker that it was sent to. False: it may not begin there after all. */
export function goOn(state: SchedulerState, task: Task): boolean {
  if (task.state.kind !== "waiting" || task.state.follows === undefined) return false;
  const { worker } = task.state.follows;
  const { run } = task;
  if (run.hasAllItsSlots || placementOf(state, task, inputBytesOf(task)) !== task.placement) {
    withdraw(state, task, { force: true, reason: "it may not run there as its inputs and its run are now" });
    return false;
  }
  joinSharing(run, state.runs.values());
  occupy(state, task, worker);
  return true;
}
