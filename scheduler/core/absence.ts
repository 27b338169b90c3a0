import type { WorkerId } from "../../protocol/ids.ts";
import type { WorkerRegistration } from "../../protocol/messages.ts";
import { loseWorker, welcomeWorker } from "./losses.ts";
import { rehome } from "./placement.ts";
import { recordWorker } from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import type { WorkerRecord } from "./worker-record.ts";

// A closed connection says little: the process may have died, or only the way to it. It is waited for until it is back, a
// successor comes in its place, or its time is over. How the socket closed (with or without a reset) is no evidence, since
// proxies and networks end connections in every way that a dying process does. That nothing listens at the worker's address
// any more is: the listening socket lives exactly as long as the process.

/** How often to look whether the process of a worker that is not connected is still there. */
const probeMs = 1_000;
/** A process that is gone is waited for this long, because its successor knows how it ended. */
const successorMs = 2_000;

/** Its socket closed. Its tasks stay its own for now, and it gets no new ones. */
export function disconnectWorker(state: SchedulerState, worker: WorkerRecord, reason: string): void {
  const { absence } = worker;
  if (absence !== undefined) {
    // Back and gone again before its inventory came: the first deadline holds.
    absence.linked = false;
    absence.nextProbeMs = state.nowMs + probeMs;
    return;
  }
  if (state.options.graceMs === 0 || worker.registration.instance === undefined)
    return loseWorker(state, worker, reason, true);
  worker.absence = {
    reason,
    sinceMs: state.nowMs,
    deadlineMs: state.nowMs + state.options.graceMs,
    nextProbeMs: undefined,
    linked: false,
  };
  state.hungry.delete(worker);
  rehome(state, worker);
  probe(state, worker);
  const message = `worker "${worker.name}" is cut off, and has ${state.options.graceMs} ms to come back: ${reason}`;
  state.log("warn", message, { worker: worker.name, reason });
  recordWorker(state, worker, "disconnected", reason);
}

/** A worker says hello: for the first time, or again after its connection was lost. */
export function meetWorker(state: SchedulerState, id: WorkerId, registration: WorkerRegistration): void {
  if (registration.resuming !== true) return welcomeWorker(state, id, registration);
  const others = [...state.workers.values()];
  const known = others.find((worker) => worker.registration.instance === registration.instance);
  if (known !== undefined) return linkAgain(state, known, id);
  const successor = others.find(({ name, absence }) => name === registration.name && absence === undefined);
  if (successor !== undefined) {
    // It came too late: the one that took its name is at work, and must not be superseded by its predecessor.
    const reason = `the name "${registration.name}" was taken by a newer process while this one was cut off`;
    state.effects.push({ kind: "to-worker", worker: id, message: { op: "stop", how: "now", restart: false, reason } });
    state.effects.push({ kind: "close-worker", worker: id, reason });
    return;
  }
  welcomeWorker(state, id, registration);
  state.effects.push({ kind: "to-worker", worker: id, message: { op: "resume", kept: false } });
}

/** It counts as back once its inventory has come. */
function linkAgain(state: SchedulerState, worker: WorkerRecord, id: WorkerId): void {
  const reason = "it connected again";
  if (worker.absence === undefined || worker.absence.linked) {
    // The end of the old connection has not reached us yet.
    state.effects.push({ kind: "close-worker", worker: worker.id, reason });
    disconnectWorker(state, worker, reason);
    if (worker.gone) return welcomeAfresh(state, worker, id);
  }
  state.workers.delete(worker.id);
  worker.id = id;
  worker.lastHeardMs = state.nowMs;
  if (worker.absence !== undefined) worker.absence.linked = true;
  state.workers.set(id, worker);
  state.effects.push({ kind: "to-worker", worker: id, message: { op: "resume", kept: true } });
}

/** No grace is given, so it starts from nothing. */
function welcomeAfresh(state: SchedulerState, { registration }: WorkerRecord, id: WorkerId): void {
  welcomeWorker(state, id, registration);
  state.effects.push({ kind: "to-worker", worker: id, message: { op: "resume", kept: false } });
}

export function probed(state: SchedulerState, worker: WorkerRecord, found: boolean): void {
  const { absence } = worker;
  if (absence === undefined || absence.linked) return;
  if (found) absence.nextProbeMs = state.nowMs + probeMs;
  else absence.deadlineMs = Math.min(absence.deadlineMs, state.nowMs + successorMs);
}

/** Nothing can be heard of it. */
export const isCutOff = ({ absence }: WorkerRecord): boolean => absence !== undefined && !absence.linked;

/** Gives up those whose time is over, and looks after the others. */
export function wakeAbsent(state: SchedulerState): void {
  for (const worker of [...state.workers.values()]) {
    const { absence } = worker;
    if (absence === undefined) continue;
    if (state.nowMs >= absence.deadlineMs) {
      const waitedMs = Math.round(state.nowMs - absence.sinceMs);
      loseWorker(state, worker, `${absence.reason}; it was not back within ${waitedMs} ms`, true);
    } else if (!absence.linked && absence.nextProbeMs !== undefined && state.nowMs >= absence.nextProbeMs) {
      probe(state, worker);
    }
  }
}

/** When something is to be done about this worker. */
export function absenceWakeupMs({ absence }: WorkerRecord): number {
  if (absence === undefined) return Number.POSITIVE_INFINITY;
  const probeAtMs = absence.linked ? undefined : absence.nextProbeMs;
  return Math.min(absence.deadlineMs, probeAtMs ?? Number.POSITIVE_INFINITY);
}

function probe(state: SchedulerState, worker: WorkerRecord): void {
  if (worker.absence !== undefined) worker.absence.nextProbeMs = undefined;
  state.effects.push({ kind: "probe-worker", worker: worker.id, address: worker.address });
}
