import type { WorkerId } from "../../protocol/ids.ts";
import type { WorkerRegistration } from "../../protocol/messages.ts";
import { endAttempt } from "./attempts.ts";
import { enter, removeHolder } from "./enter.ts";
import { rehome } from "./placement.ts";
import { recordLost, recordStopped, recordWorker } from "./recording.ts";
import type { SchedulerState } from "./state.ts";
import { released, stoppedOn, type Task } from "./task.ts";
import { compute, fail, tellFinished, vanish } from "./transitions.ts";
import { wireError } from "./wire-error.ts";
import { WorkerRecord } from "./worker-record.ts";

/** A worker joins; one of the same name that is still on the books is its predecessor, and gone. */
export function welcomeWorker(state: SchedulerState, id: WorkerId, registration: WorkerRegistration): void {
  for (const other of [...state.workers.values()]) {
    if (other.name !== registration.name && other.address !== registration.address) continue;
    const reason = `superseded by a new process of the same name or address${predecessorEnd(registration)}`;
    // Told to end, not only cut off: it would dial again, and the two would take turns in superseding each other.
    state.toWorker(other, { op: "stop", how: "now", restart: false, reason });
    loseWorker(state, other, reason, true);
  }
  const worker = new WorkerRecord(id, registration, state.nowMs);
  state.workers.set(id, worker);
  state.leastLimitBytes = undefined;
  state.hungry.add(worker);
  state.log("info", `worker "${worker.name}" joined`, {
    worker: worker.name,
    address: worker.address,
    slots: worker.slots,
    pid: registration.pid,
  });
  recordWorker(state, worker, "joined");
  state.requests.workersChanged(state);
  state.noWorkerWatch.workersChanged();
}

function predecessorEnd(registration: WorkerRegistration): string {
  const { predecessor } = registration;
  if (predecessor === undefined) return "";
  const how = predecessor.signal === null ? `exit code ${predecessor.exitCode}` : `signal ${predecessor.signal}`;
  const why = predecessor.reason === undefined ? "" : `, because ${predecessor.reason}`;
  const { running = [] } = predecessor;
  const doing = running.length === 0 ? "" : `, while it ran ${running.map((key) => `"${key}"`).join(", ")}`;
  return `; process ${predecessor.pid} ended with ${how}${why}${doing}`;
}

/**
 * A worker is gone. What it ran or was to run goes back, what only it held is computed again if somebody needs it. Only
 * tasks that had started gain suspicion, and only if the worker did not say goodbye (`blame`).
 */
export function loseWorker(state: SchedulerState, worker: WorkerRecord, reason: string, blame: boolean): void {
  if (worker.gone) return;
  worker.gone = true;
  state.workers.delete(worker.id);
  state.leastLimitBytes = undefined;
  state.hungry.delete(worker);
  state.effects.push({ kind: "close-worker", worker: worker.id, reason });
  state.log(blame ? "warn" : "info", `worker "${worker.name}" is gone: ${reason}`, { worker: worker.name, reason });

  recordWorker(state, worker, blame ? "lost" : "left", reason);

  const vanished: Task[] = [];
  for (const task of [...worker.holds]) {
    removeHolder(task, worker);
    if (task.holders.size === 0) vanished.push(task);
    // Who asked at its address might wait for long: a machine that is gone does not even refuse.
    else for (const want of task.wants) tellFinished(state, task, want);
  }
  const abandoned = [...worker.processing];
  const started = abandoned.filter((task) => task.state.kind === "processing" && task.state.started);
  const coResident = started.map((task) => task.key);
  for (const task of abandoned) {
    const suspect = blame && started.includes(task);
    // It may have begun without our having heard of it, and so may what follows it.
    if (blame) {
      task.onProbation = true;
      if (task.state.kind === "processing" && task.state.follower !== undefined) task.state.follower.onProbation = true;
    }
    recordLost(state, task, worker, reason);
    endAttempt(task, "lost", reason, state.nowMs);
    enter(state, task, released);
    if (suspect) {
      const others = coResident.filter((key) => key !== task.key);
      const lost = { attempt: task.attempts, worker: worker.name, reason, coResident: others };
      task.lostAttempts = [...task.lostAttempts, lost];
    }
  }
  for (const { task, recorded, whenStopped } of worker.stopping.values()) {
    const stopped = state.tasks.get(task);
    if (stopped !== undefined) stoppedOn(stopped, worker);
    recordStopped(state, recorded);
    for (const tell of whenStopped) tell();
  }
  worker.stopping.clear();
  worker.lent = 0;

  // Results first: a task that goes back must find that its input is no longer there.
  for (const task of vanished) vanish(state, task);
  for (const task of abandoned) {
    if (task.lostAttempts.length > state.options.allowedWorkerLosses) fail(state, task, workerLost(task), task);
    else compute(state, task);
  }
  rehome(state, worker);
  state.requests.workerGone(state, worker);
  state.noWorkerWatch.workersChanged();
  state.copies.workerGone(worker);
}

function workerLost(task: Task): ReturnType<typeof wireError> {
  const attempts = task.lostAttempts;
  const fates = attempts.map((lost) => `attempt ${lost.attempt} on ${lost.worker} (${lost.reason})`).join("; ");
  const died = attempts.length === 1 ? "a worker died" : `${attempts.length} workers died`;
  const message = `The task "${task.key}" is given up: ${died} while running it: ${fates}. If it is the task that kills them (memory, native code), run it on its own with more memory; if not, retry it.`;
  return wireError("WORKER_LOST", message, { key: task.key, attempts });
}
