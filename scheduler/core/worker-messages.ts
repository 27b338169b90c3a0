import { assertNever } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { WorkerToScheduler } from "../../protocol/messages.ts";
import { endAttempt, never, startAttempt } from "./attempts.ts";
import { addHolder, addressesOf, enter, removeHolder } from "./enter.ts";
import { loseWorker } from "./losses.ts";
import { rehome } from "./placement.ts";
import {
  recordDisk,
  recordEnded,
  recordProfile,
  recordStopped,
  recordTransfer,
  recordVitals,
  recordWorker,
} from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import { type StopOrder, unfollow, withdraw } from "./stopping.ts";
import { isNeeded, released, stoppedOn, type Task } from "./task.ts";
import { compute, fail, finish, takeBack, vanish } from "./transitions.ts";
import { stoppingKey, type WorkerRecord } from "./worker-record.ts";

/** Failures that were nobody's fault are repeated this often before the task fails with the last of them. */
const unblamedFailuresMax = 10;

type Message<Op extends WorkerToScheduler["op"]> = Extract<WorkerToScheduler, { readonly op: Op }>;

export function handleWorkerMessage(state: SchedulerState, worker: WorkerRecord, message: WorkerToScheduler): void {
  worker.lastHeardMs = state.nowMs;
  switch (message.op) {
    case "inventory":
      // Taken before it gets here, because it needs what is below.
      return;
    case "heartbeat":
      worker.memoryBytes = message.memoryBytes;
      recordVitals(state, worker, message);
      for (const task of worker.processing) {
        if (task.startedMs !== never) task.estimate.stillRunning(state.nowMs - task.startedMs);
      }
      return;
    case "started":
      return begun(state, worker, message.task, message.attempt);
    case "unstarted":
      return unstarted(state, worker, message.task, message.attempt);
    case "lent":
      return lend(state, worker, message.task, message.attempt, true);
    case "returned":
      return lend(state, worker, message.task, message.attempt, false);
    case "done":
      return done(state, worker, message);
    case "failed":
      return failed(state, worker, message);
    case "cancelled":
      return cancelled(state, worker, message.task, message.attempt);
    case "kept":
      return begun(state, worker, message.task, message.attempt);
    case "stored":
      return stored(state, worker, message.task, message.bytes);
    case "dropped":
      return dropped(state, worker, message.task);
    case "unreachable-input":
      return unreachable(state, worker, message.task, message.addresses);
    case "transferred":
      recordTransfer(state, worker, message);
      return state.bandwidth.sample(message.bytes, message.endMs - message.startMs);
    case "run-reply":
      return state.requests.ranOnWorker(state, worker, message.request, message.value, message.error);
    case "status":
      return statusChanged(state, worker, message.status);
    case "goodbye":
      return loseWorker(state, worker, `said goodbye: ${message.reason}`, message.suspect === true);
    case "disk":
      return recordDisk(state, worker, message);
    case "profile":
      return recordProfile(state, worker, message.frames);
    case "get-bundle":
    case "log":
      // For the shell, which keeps the bundles and the lines of logs.
      return;
    default:
      assertNever(message);
  }
}

/** The task, if this is the attempt that the worker is to make now; anything else is late news. */
function attemptOf(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number): Task | undefined {
  const task = state.tasks.get(id);
  const current = task?.state;
  if (current?.kind !== "processing" || current.worker !== worker || current.attempt !== attempt) return undefined;
  return task;
}

/** It is not what the worker is to do now: it was taken back, or follows another, and has ended before that did. */
function endedLate(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number, message: string): void {
  confirmStopped(state, worker, id, attempt);
  const task = state.tasks.get(id);
  if (task?.state.kind !== "waiting") return;
  const { follows } = task.state;
  if (follows?.worker !== worker || follows.attempt !== attempt) return;
  unfollow(task);
  endAttempt(task, "given-back", message, state.nowMs);
}

/** Its code runs. */
export function begun(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number): void {
  const task = attemptOf(state, worker, id, attempt);
  if (task?.state.kind !== "processing") return;
  if (task.state.askedBack) state.askedBack--;
  task.state.askedBack = false;
  if (task.state.started) return;
  task.state.started = true;
  worker.running++;
  startAttempt(task, state.nowMs);
}

/** It waits, as before it was begun. */
function unstarted(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number): void {
  const task = attemptOf(state, worker, id, attempt);
  if (task?.state.kind !== "processing" || !task.state.started) return;
  waitsAgain(state, worker, task);
  if (!worker.beginsTasks) giveAway(state, task);
}

/** Although it counts as begun. */
export function waitsAgain(state: SchedulerState, worker: WorkerRecord, task: Task): void {
  if (task.state.kind !== "processing" || !task.state.started) return;
  task.state.started = false;
  worker.running--;
  task.startedMs = never;
  if (worker.assigned > worker.slots) state.crowded.add(worker);
}

/** Nothing of it runs: it was taken back, or it waited there in vain and is given back. */
function cancelled(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number): void {
  const task = attemptOf(state, worker, id, attempt);
  if (task === undefined) return endedLate(state, worker, id, attempt, "it was given back");
  endAttempt(task, "given-back", "another worker had a free slot", state.nowMs);
  enter(state, task, released);
  compute(state, task);
}

/** One that is to leave leaves whatever it says, but what it has not begun stays with it only as long as it begins anything. */
function statusChanged(state: SchedulerState, worker: WorkerRecord, status: Message<"status">["status"]): void {
  if (worker.status !== "retiring") {
    worker.status = status;
    recordWorker(state, worker, status);
  }
  if (status !== "running") return pause(state, worker);
  worker.beginsTasks = true;
  state.hungry.add(worker);
}

/** It begins nothing more. What it had begun it said before this, and says if it takes that back. */
export function pause(state: SchedulerState, worker: WorkerRecord): void {
  worker.beginsTasks = false;
  // One that leaves by its own wish never runs what only it could.
  if (worker.status === "retiring") state.noWorkerWatch.workersChanged();
  for (const task of [...worker.processing]) {
    if (task.state.kind !== "processing") continue;
    if (!task.state.started) giveAway(state, task);
    else if (task.state.follower !== undefined) withdraw(state, task.state.follower, takesNoMore);
  }
  rehome(state, worker);
}

const takesNoMore: StopOrder = { force: false, reason: "its worker takes no more tasks" };

/** What has not begun on a worker that begins nothing more is for others. */
function giveAway(state: SchedulerState, task: Task): void {
  endAttempt(task, "given-back", takesNoMore.reason, state.nowMs);
  takeBack(state, task, takesNoMore);
  compute(state, task);
}

/** A running attempt lends its slot, or takes it back. One that was taken back may do so until it has stopped. */
function lend(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number, lent: boolean): void {
  const task = attemptOf(state, worker, id, attempt);
  const place = task?.state.kind === "processing" ? task.state : worker.stopping.get(stoppingKey(id, attempt));
  if (place === undefined || place.lent === lent) return;
  place.lent = lent;
  const change = lent ? 1 : -1;
  worker.lent += change;
  if (task !== undefined) task.run.lent += change;
  if (lent) state.hungry.add(worker);
}

function done(state: SchedulerState, worker: WorkerRecord, message: Message<"done">): void {
  const { task: id, attempt, bytes, startMs, endMs } = message;
  const task = attemptOf(state, worker, id, attempt);
  if (task === undefined) {
    endedLate(state, worker, id, attempt, "its result was there before");
    // A result that came too late is thrown away, unless the worker is a rightful holder by another way.
    if (state.tasks.get(id)?.holders.has(worker) !== true) state.toWorker(worker, { op: "free", tasks: [id] });
    return;
  }
  const durationMs = endMs - startMs;
  recordEnded(state, task, worker, { fate: "done", bytes, message: "", startMs, endMs });
  // No time at all means that the worker held the result already, which says nothing of the task's duration.
  if (durationMs > 0) task.estimate.sample(durationMs);
  task.run.serve(Math.max(0, durationMs));
  task.group.computeMs += Math.max(0, durationMs);
  finish(state, task, worker, bytes);
}

function failed(state: SchedulerState, worker: WorkerRecord, message: Message<"failed">): void {
  const { task: id, attempt, error, startMs, endMs } = message;
  const task = attemptOf(state, worker, id, attempt);
  if (task === undefined) return endedLate(state, worker, id, attempt, error.message);
  const blamed = message.blame === "task";
  recordEnded(state, task, worker, { fate: "failed", bytes: 0, message: error.message, startMs, endMs });
  // The attempt is over on the worker; from here on there is nothing there to take back.
  endAttempt(task, "failed", error.message, state.nowMs);
  enter(state, task, released);
  if (blamed ? task.retriesLeft === 0 : task.unblamedFailures >= unblamedFailuresMax)
    return fail(state, task, error, task);
  if (blamed) task.retriesLeft--;
  else task.unblamedFailures++;
  compute(state, task);
}

/** The task may be begun anew on the worker, if it is to be begun at all. */
function hasStopped(state: SchedulerState, worker: WorkerRecord, id: TaskId): void {
  const task = state.tasks.get(id);
  if (task === undefined) return;
  stoppedOn(task, worker);
  if (task.state.kind !== "queued") return;
  enter(state, task, released);
  compute(state, task);
}

/** The worker's place is free again. */
export function confirmStopped(state: SchedulerState, worker: WorkerRecord, id: TaskId, attempt: number): void {
  const key = stoppingKey(id, attempt);
  const entry = worker.stopping.get(key);
  if (entry === undefined) return;
  worker.stopping.delete(key);
  if (entry.lent) worker.lent--;
  if (!worker.isBusy) worker.idleSinceMs = state.nowMs;
  worker.giveBack(entry.resources);
  hasStopped(state, worker, id);
  recordStopped(state, entry.recorded);
  state.hungry.add(worker);
  for (const whenStopped of entry.whenStopped) whenStopped();
}

export function stored(state: SchedulerState, worker: WorkerRecord, id: TaskId, bytes: number): void {
  const reservation = state.reserved.get(id);
  if (reservation !== undefined) {
    reservation.storedBy.add(worker);
    return;
  }
  const task = state.tasks.get(id);
  if (task !== undefined) state.copies.arrived(task, worker);
  if (task === undefined || !isNeeded(task) || task.state.kind === "erred") {
    state.toWorker(worker, { op: "free", tasks: [id] });
    return;
  }
  if (task.state.kind === "memory") return addHolder(task, worker);
  // A copy that outlived the loss of its source ends the computation that was to make it again. It must not be freed in
  // place of that: the worker may be the one that is to compute it, and may have answered by then that it has the result.
  takeBack(state, task, { force: true, reason: "a copy of its result was found" });
  finish(state, task, worker, bytes);
}

function dropped(state: SchedulerState, worker: WorkerRecord, id: TaskId): void {
  const task = state.tasks.get(id);
  if (task === undefined) return;
  removeHolder(task, worker);
  if (task.holders.size === 0) vanish(state, task);
}

/** The worker could not get an input from these addresses: they are holders no more, and it is told where else to ask. */
function unreachable(state: SchedulerState, worker: WorkerRecord, id: TaskId, addresses: readonly string[]): void {
  const task = state.tasks.get(id);
  if (task === undefined || task.state.kind === "erred" || !isNeeded(task)) {
    // Nobody will ever hold it again for this request, and no attempt that still counts waits for it.
    if (task !== undefined) state.copies.arrived(task, worker);
    state.toWorker(worker, { op: "free", tasks: [id] });
    return;
  }
  for (const holder of [...task.holders]) {
    // One that asks for it does not have it, whatever is believed of it.
    if (holder !== worker && !addresses.includes(holder.address)) continue;
    removeHolder(task, holder);
    if (holder !== worker) state.toWorker(holder, { op: "free", tasks: [id] });
  }
  if (task.state.kind === "memory" && task.holders.size === 0) vanish(state, task);
  if (task.state.kind === "memory") state.toWorker(worker, { op: "holders", task: id, addresses: addressesOf(task) });
  else task.awaitedBy = new Set([...task.awaitedBy, worker]);
}

/** A client could not get a result from an address. */
export function missingAt(state: SchedulerState, task: Task, address: string): void {
  for (const holder of [...task.holders]) {
    if (holder.address !== address) continue;
    removeHolder(task, holder);
    state.toWorker(holder, { op: "free", tasks: [task.id] });
  }
  if (task.holders.size === 0) vanish(state, task);
}
