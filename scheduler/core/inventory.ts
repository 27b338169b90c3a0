import type { Inventory } from "../../protocol/messages.ts";
import { endAttempt } from "./attempts.ts";
import { enter, removeHolder } from "./enter.ts";
import { recordFound, recordWorker } from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import { unfollow } from "./stopping.ts";
import { released, type Task } from "./task.ts";
import { compute, finish, vanish } from "./transitions.ts";
import { begun, confirmStopped, pause, stored, waitsAgain } from "./worker-messages.ts";
import { stoppingKey, type WorkerRecord } from "./worker-record.ts";

/**
 * A worker that was cut off is back. Messages of either side may have been lost, in whatever number, so nothing is concluded
 * from what was sent: what it has is compared with what the books say of it, and each difference is settled.
 */
export function takeInventory(state: SchedulerState, worker: WorkerRecord, inventory: Inventory): void {
  const { absence } = worker;
  if (absence === undefined) return;
  worker.absence = undefined;
  worker.lastHeardMs = state.nowMs;
  if (worker.status !== "retiring") worker.status = inventory.status;
  // It may not have heard of them; to hear of one twice changes nothing.
  worker.definedFns.clear();
  const awayMs = Math.round(state.nowMs - absence.sinceMs);
  state.log("info", `worker "${worker.name}" is back after ${awayMs} ms`, { worker: worker.name, awayMs });
  recordWorker(state, worker, "back");

  const held = new Map(inventory.held.map(({ task, bytes }) => [task, bytes]));
  dropMissing(state, worker, held);
  compareAttempts(state, worker, inventory, held);
  for (const [task, bytes] of held)
    if (state.tasks.get(task)?.holders.has(worker) !== true) stored(state, worker, task, bytes);

  if (inventory.status === "running") worker.beginsTasks = true;
  else pause(state, worker);
  state.requests.workerBack(state, worker, inventory.runs);
  state.copies.workerGone(worker);
  if (worker.stopOrder !== undefined) state.toWorker(worker, worker.stopOrder);
  state.hungry.add(worker);
  state.requests.workersChanged(state);
}

/** Results that it was to hold, and has not. */
function dropMissing(state: SchedulerState, worker: WorkerRecord, held: ReadonlyMap<number, number>): void {
  const vanished: Task[] = [];
  for (const task of [...worker.holds]) {
    if (held.has(task.id)) continue;
    removeHolder(task, worker);
    if (task.holders.size === 0) vanished.push(task);
  }
  for (const task of vanished) vanish(state, task);
}

function compareAttempts(
  state: SchedulerState,
  worker: WorkerRecord,
  { attempts }: Inventory,
  held: ReadonlyMap<number, number>,
): void {
  const open = new Map(attempts.map((each) => [stoppingKey(each.task, each.attempt), each]));
  const givenBack: Task[] = [];
  // Whoever followed a task that is done by now is among them from then on, and its turn comes, too.
  for (const task of worker.processing) {
    if (task.state.kind !== "processing") continue;
    const key = stoppingKey(task.id, task.state.attempt);
    const attempt = open.get(key);
    open.delete(key);
    const bytes = held.get(task.id);
    if (attempt !== undefined) {
      if (attempt.started) begun(state, worker, task.id, attempt.attempt);
      else {
        waitsAgain(state, worker, task);
        mayBeAskedBackAgain(state, task);
      }
      compareFollower(state, task, open);
    } else if (bytes !== undefined) {
      recordFound(state, task, worker, bytes);
      finish(state, task, worker, bytes);
    } else {
      givenBack.push(task);
      compareFollower(state, task, open);
    }
  }
  for (const { task, attempt, force, reason } of [...worker.stopping.values()]) {
    const isOpen = open.delete(stoppingKey(task, attempt));
    if (isOpen) state.toWorker(worker, { op: "cancel", task, attempt, force, reason });
    else confirmStopped(state, worker, task, attempt);
  }
  // Whatever else it does, nobody asked it to, or nobody does any more.
  for (const { task, attempt } of open.values())
    state.toWorker(worker, { op: "cancel", task, attempt, force: true, reason: "it was given away meanwhile" });
  for (const task of givenBack) {
    endAttempt(task, "given-back", `"${worker.name}" was cut off and never got it`, state.nowMs);
    enter(state, task, released);
    compute(state, task);
  }
}

/** Who follows the task there goes on doing so; unless it never got there, or has come to its end. */
function compareFollower(state: SchedulerState, { state: current }: Task, open: Map<string, unknown>): void {
  if (current.kind !== "processing" || current.follower === undefined) return;
  const { follower } = current;
  if (open.delete(stoppingKey(follower.id, follower.attempts))) return;
  unfollow(follower);
  endAttempt(follower, "given-back", "its worker was cut off and never got it", state.nowMs);
}

/** The worker may never have heard that it was asked for. To ask twice does no harm. */
function mayBeAskedBackAgain(state: SchedulerState, { state: current }: Task): void {
  if (current.kind !== "processing" || !current.askedBack) return;
  current.askedBack = false;
  state.askedBack--;
}
