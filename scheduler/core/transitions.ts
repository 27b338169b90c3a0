import type { WireError } from "../../protocol/errors.ts";
import { addHolder, addressesOf, enter, removeHolder } from "./enter.ts";
import { forEachMember } from "./few.ts";
import { goOn, takeFollower } from "./followers.ts";
import { inputBytesOf, oversize, placementOf } from "./oversize.ts";
import { queueReady } from "./placement.ts";
import { recordTaskEnd } from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import { type StopOrder, stopAttempt, withdraw } from "./stopping.ts";
import { inMemory, isActive, isNeeded, nowhere, released, type Task, type TaskState, type Want } from "./task.ts";
import { wireError } from "./wire-error.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** The task is to be computed (again), with whatever of its inputs is not in memory. Iterative: chains may be very long. */
export function compute(state: SchedulerState, first: Task): void {
  const pending = computeOne(state, first);
  for (let task = pending?.pop(); task !== undefined; task = pending?.pop())
    for (const dep of computeOne(state, task) ?? []) pending?.push(dep);
}

/** Returns the inputs that are to be computed, too. */
function computeOne(state: SchedulerState, task: Task): Task[] | undefined {
  if (isActive(task) || task.state.kind === "memory") return undefined;
  if (task.fn === undefined) {
    fail(state, task, lostForGood(task), task);
    return undefined;
  }
  let missing = 0;
  let broken: (TaskState & { kind: "erred" }) | undefined;
  let pending: Task[] | undefined;
  for (const dep of task.deps) {
    const { state: its } = dep;
    if (its.kind === "memory") continue;
    missing++;
    if (its.kind === "erred") broken = its;
    else if (its.kind === "released") {
      if (pending === undefined) pending = [dep];
      else pending.push(dep);
    }
  }
  if (missing === 0) {
    // It waits for no time at all, and only its story tells that it did.
    state.story.tell(task.id, state.nowMs, "waiting", task.attempts);
    queueIfItFits(state, task);
    return undefined;
  }
  enter(state, task, { kind: "waiting", missing, follows: undefined });
  if (broken !== undefined) fail(state, task, broken.error, broken.origin);
  return pending;
}

function queueIfItFits(state: SchedulerState, task: Task): void {
  const inputBytes = inputBytesOf(task);
  const refusal = oversize(state, task, inputBytes);
  if (refusal !== undefined) return fail(state, task, refusal, task);
  task.placement = placementOf(state, task, inputBytes);
  queueReady(state, task);
}

function lostForGood(task: Task): WireError {
  const message = `The scattered value "${task.key}" is lost: every worker that held it is gone, and a scattered value cannot be computed again. Scatter it again, with broadcast: true to keep a copy on each worker.`;
  return wireError("DATA_LOST", message, { key: task.key });
}

/** A worker holds the result: those that waited for it may go on. */
export function finish(state: SchedulerState, task: Task, worker: WorkerRecord, resultBytes: number): void {
  task.resultBytes = resultBytes;
  const follower = takeFollower(task, worker);
  enter(state, task, inMemory);
  task.run.finished++;
  task.group.finished++;
  addHolder(task, worker);
  // It may have been asked for a copy, and have computed the result itself in place of that.
  state.copies.arrived(task, worker);
  for (const want of task.wants) tellFinished(state, task, want);
  forEachMember(task.dependents, (dependent) => {
    const waiting = dependent.state;
    if (waiting.kind !== "waiting") return;
    waiting.missing--;
    if (waiting.missing > 0) return;
    if (dependent !== follower || !goOn(state, dependent)) queueIfItFits(state, dependent);
  });
  for (const waiter of task.awaitedBy) {
    if (!waiter.gone) state.toWorker(waiter, { op: "holders", task: task.id, addresses: addressesOf(task) });
  }
  task.awaitedBy = nowhere;
}

/** The last copy of a result is gone. Whoever still needs it gets it computed again. */
export function vanish(state: SchedulerState, task: Task): void {
  if (task.state.kind !== "memory") return;
  enter(state, task, released);
  const takenBack: Task[] = [];
  forEachMember(task.dependents, (dependent) => {
    const was = dependent.state;
    if (was.kind === "waiting") {
      was.missing++;
      withdraw(state, dependent, { force: true, reason: `its input "${task.key}" is lost` });
    } else if (was.kind === "queued") enter(state, dependent, { kind: "waiting", missing: 1, follows: undefined });
    else if (was.kind === "processing" && !was.started) {
      // It would wait for its input on its worker, and keep the very place there that computing the input may need.
      takeBack(state, dependent, { force: true, reason: `its input "${task.key}" is lost` });
      takenBack.push(dependent);
    }
  });
  for (const want of task.wants) state.toClient(want.client, { op: "pending", future: want.future });
  for (const dependent of takenBack) compute(state, dependent);
  if (isNeeded(task)) compute(state, task);
  else state.unsettled.push(task);
}

/** The task ends with an error, and with it all that wait for its result. `origin` is the task whose own failure it was. */
export function fail(state: SchedulerState, first: Task, error: WireError, origin: Task, order?: StopOrder): void {
  const stop = order ?? { force: true, reason: `its input "${origin.key}" failed` };
  const pending = [first];
  for (let task = pending.pop(); task !== undefined; task = pending.pop()) {
    if (task.state.kind === "erred") continue;
    forEachMember(task.dependents, (dependent) => {
      if (isActive(dependent)) pending.push(dependent);
    });
    takeBack(state, task, stop);
    for (const holder of [...task.holders]) {
      removeHolder(task, holder);
      state.toWorker(holder, { op: "free", tasks: [task.id] });
    }
    enter(state, task, { kind: "erred", error, origin });
    // A cancelled task is its client's own affair: whoever submits its key afterwards gets a task that runs.
    if (error.code === "CANCELLED") state.keys.drop(task);
    task.run.failed++;
    task.group.failed++;
    recordTaskEnd(state, task, error, origin);
    stopWaitingFor(state, task);
    for (const want of task.wants) tellErred(state, want, error);
    state.unsettled.push(task);
  }
}

/** No result of it will come: workers that wait for a holder are told to forget it. */
export function stopWaitingFor(state: SchedulerState, task: Task): void {
  for (const waiter of task.awaitedBy) if (!waiter.gone) state.toWorker(waiter, { op: "free", tasks: [task.id] });
  task.awaitedBy = nowhere;
}

/** Asks a worker to give back what it was sent; its place counts as taken until the worker confirms. */
export function takeBack(state: SchedulerState, task: Task, order: StopOrder): void {
  const { state: current } = task;
  if (current.kind === "waiting") return withdraw(state, task, order);
  if (current.kind !== "processing") return;
  if (current.follower !== undefined) withdraw(state, current.follower, order);
  stopAttempt(state, task, current, order);
  enter(state, task, released);
}

export function tellFinished(state: SchedulerState, task: Task, want: Want): void {
  const addresses = addressesOf(task);
  state.toClient(want.client, {
    op: "finished",
    future: want.future,
    task: task.id,
    bytes: task.resultBytes,
    addresses,
  });
}

export function tellErred(state: SchedulerState, want: Want, error: WireError): void {
  const op = error.code === "CANCELLED" ? "cancelled" : error.code === "DATA_LOST" ? "lost" : "failed";
  state.toClient(want.client, { op, future: want.future, error });
}
