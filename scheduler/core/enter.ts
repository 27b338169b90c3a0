import { completeAttempt, endAttempt } from "./attempts.ts";
import { withMember } from "./few.ts";
import type { SchedulerState } from "./state.ts";
import { withdraw } from "./stopping.ts";
import { isActive, isNeeded, nowhere, type Task, type TaskState } from "./task.ts";
import type { TaskGroup } from "./task-group.ts";
import type { WorkerRecord } from "./worker-record.ts";

// The only door into a task's state. What depends on the state (counters, the need for inputs) is kept in step here.

export function enter(state: SchedulerState, task: Task, next: TaskState): void {
  const previous = task.state;
  const wasActive = isActive(task);
  if (previous.kind === "queued") {
    state.queued--;
    state.backlog.remove(task.estimate);
    task.run.queued--;
    task.placement.queued--;
    if (task.placement.queued === 0) {
      state.noWorkerWatch.emptied(task.placement);
      state.placements.emptied(task.placement);
    }
  }
  if (previous.kind === "processing") {
    leaveWorker(state, task, previous);
    if (next.kind === "memory") completeAttempt(task, state.nowMs);
    else endAttempt(task, "given-back", "", state.nowMs);
  }
  if (previous.kind === "memory") state.copies.forget(task);
  task.state = next;
  // Not before its state is another: stale entries are told by that.
  if (previous.kind === "queued") previous.queue.count(-1);
  task.group.count(previous.kind, -1);
  task.group.count(next.kind, 1);
  if (next.kind !== previous.kind) task.sinceMs = Math.round(state.nowMs);
  if (next.kind === "queued") {
    next.queue.count(1);
    state.queued++;
    state.backlog.add(task.estimate);
    task.run.queued++;
    task.placement.queued++;
    if (task.placement.queued === 1) state.noWorkerWatch.queued(task.placement);
  }
  if (next.kind === "processing") task.run.processing++;
  state.story.tell(task.id, state.nowMs, next.kind, task.attempts);

  const nowActive = isActive(task);
  if (nowActive && !wasActive) for (const dep of task.deps) dep.activeDependents++;
  if (!nowActive && wasActive) {
    for (const dep of task.deps) {
      dep.activeDependents--;
      if (dep.activeDependents === 0) state.unsettled.push(dep);
    }
    if (!isNeeded(task)) state.unsettled.push(task);
  }
}

/** A new task is on the books from now on, in whatever state it is. */
export function enroll(state: SchedulerState, task: Task): void {
  state.tasks.set(task.id, task);
  task.run.tasks++;
  task.group.total++;
  task.group.count(task.state.kind, 1);
  // Inputs of one group mostly follow one another.
  let [group, results]: [TaskGroup | undefined, number] = [undefined, 0];
  for (const dep of task.deps) {
    dep.dependents = withMember(dep.dependents, task);
    if (dep.group !== group) {
      if (group !== undefined) task.group.takesFrom(group, results);
      group = dep.group;
      results = 0;
    }
    results++;
  }
  if (group !== undefined) task.group.takesFrom(group, results);
}

function leaveWorker(state: SchedulerState, task: Task, was: TaskState & { kind: "processing" }): void {
  const { worker } = was;
  if (was.follower !== undefined) {
    const reason = `"${task.key}", whose result it needs, does not end there`;
    withdraw(state, was.follower, { force: true, reason });
  }
  worker.processing.delete(task);
  worker.occupancyMs = worker.processing.size === 0 ? 0 : Math.max(0, worker.occupancyMs - was.estimateMs);
  worker.giveBack(task.placement.resources);
  task.run.processing--;
  if (was.lent) {
    worker.lent--;
    task.run.lent--;
  }
  if (was.started) worker.running--;
  if (!worker.isBusy) worker.idleSinceMs = state.nowMs;
  task.run.serve(-was.estimateMs);
  if (was.askedBack) state.askedBack--;
  if (worker.processing.size <= worker.slots) state.crowded.delete(worker);
  if (!worker.gone) state.hungry.add(worker);
}

export function addHolder(task: Task, worker: WorkerRecord): void {
  const { holders } = task;
  if (holders.size === 0) task.holders = worker.alone;
  else if (holders.has(worker)) return;
  // A set of several belongs to the task; one of none or one is shared.
  else if (holders.size > 1) (holders as Set<WorkerRecord>).add(worker);
  else task.holders = new Set([...holders, worker]);
  worker.holds.add(task);
  worker.storedBytes += task.resultBytes;
}

export function removeHolder(task: Task, worker: WorkerRecord): void {
  const { holders } = task;
  if (!holders.has(worker)) return;
  if (holders.size === 1) task.holders = nowhere;
  else {
    (holders as Set<WorkerRecord>).delete(worker);
    if (holders.size === 1) for (const left of holders) task.holders = left.alone;
  }
  worker.holds.delete(task);
  worker.storedBytes -= task.resultBytes;
}

/** Where a result can be had; at a worker that is not connected only if nobody else has it. */
export function addressesOf(task: Task): readonly string[] {
  if (task.holders.size === 1) for (const { ownAddress } of task.holders) return ownAddress;
  const holders = [...task.holders];
  const connected = holders.filter((holder) => holder.absence === undefined);
  return (connected.length > 0 ? connected : holders).map((holder) => holder.address);
}
