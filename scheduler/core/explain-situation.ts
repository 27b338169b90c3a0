import { assertNever } from "../../protocol/errors.ts";
import type { AttemptFate } from "../../protocol/explanation.ts";
import { formatBytes, formatDuration } from "../../protocol/units.ts";
import { attemptsOf } from "./attempts.ts";
import { age, ageInWords, counted, listed } from "./explain-words.ts";
import { membersOf } from "./few.ts";
import { heartbeatMs } from "./heartbeat.ts";
import type { SchedulerState } from "./state.ts";
import { type Following, isActive, type Task, type TaskState } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A worker that missed so many heartbeats is worth a word. */
const missedHeartbeats = 4;
const messageLengthMax = 200;

/** Sentences whose first lacks its subject, the task. */
export function situationInWords(state: SchedulerState, task: Task): string {
  const current = task.state;
  const since = ageInWords(task.sinceMs, state.nowMs);
  switch (current.kind) {
    case "waiting":
      return `has waited for its inputs for ${since}.${following(current.follows)}`;
    case "queued":
      return `is ready to run, and has waited for a place on a worker for ${since}.`;
    case "processing":
      return processing(state, task, current);
    case "memory":
      return done(task, since);
    case "erred": {
      const { error, origin } = current;
      const whose = origin === task ? "" : `, because "${origin.key}", whose result it needs, did`;
      return `ended without a result ${since} ago${whose}, with ${error.code}: ${punctuated(error.message)}`;
    }
    case "released":
      return "has no result now, because nobody needs it. Its record is kept as long as a task that used it may have to be computed again.";
    default:
      return assertNever(current);
  }
}

function following(follows: Following | undefined): string {
  if (follows === undefined) return "";
  const { leader, worker, attempt } = follows;
  return ` It was sent to ${worker.name} ahead, as attempt ${attempt}, to begin there as soon as "${leader.key}" is done.`;
}

function processing(state: SchedulerState, task: Task, current: TaskState & { kind: "processing" }): string {
  const { worker, attempt, started, lent } = current;
  const trouble = troubleWith(state, worker);
  if (!started)
    return `was sent to ${worker.name} ${ageInWords(task.assignedMs, state.nowMs)} ago, as attempt ${attempt}.${trouble}`;
  const usual = task.estimate.known
    ? ` Tasks of "${nameOf(task)}" usually take ${formatDuration(task.estimate.ms)}.`
    : "";
  const waits = lent ? " It waits for tasks that it submitted itself, and lends out its slot meanwhile." : "";
  return `has run on ${worker.name} for ${ageInWords(task.startedMs, state.nowMs)}, as attempt ${attempt}.${usual}${waits}${trouble}`;
}

const nameOf = (task: Task): string => task.fn?.name ?? task.key;

function troubleWith(state: SchedulerState, worker: WorkerRecord): string {
  if (worker.status !== "running") return ` ${worker.name} is ${worker.status}.`;
  const silentMs = age(worker.lastHeardMs, state.nowMs);
  if (silentMs <= missedHeartbeats * heartbeatMs(state.workers.size)) return "";
  return ` Nothing has been heard of ${worker.name} for ${formatDuration(silentMs)}.`;
}

function done(task: Task, since: string): string {
  const where = listed(Array.from(task.holders, ({ name }) => name));
  const size = formatBytes(task.resultBytes);
  let needing = 0;
  for (const dependent of membersOf(task.dependents)) if (isActive(dependent)) needing++;
  const reasons = [
    ...(task.wants.length > 0 ? [counted(task.wants.length, "future")] : []),
    ...(needing > 0 ? [`${counted(needing, "task")} that ${needing === 1 ? "needs" : "need"} it`] : []),
  ];
  const kept = reasons.length > 0 ? ` It is kept for ${listed(reasons)}.` : "";
  if (task.fn === undefined) return `is a scattered value of ${size}, which lies on ${where} for ${since}.${kept}`;
  const last = task.attemptWorker === "" ? undefined : attemptsOf(task).at(-1);
  const took =
    last?.startedMs === undefined || last.endedMs === undefined
      ? ""
      : ` after ${formatDuration(last.endedMs - last.startedMs)}`;
  const made = last === undefined ? "" : ` Attempt ${last.attempt} made it on ${last.worker}${took}.`;
  return `has been done for ${since}: its result of ${size} lies on ${where}.${made}${kept}`;
}

const inWords: Readonly<Record<AttemptFate, string>> = {
  sent: "was sent",
  running: "runs",
  done: "had a result",
  failed: "failed",
  lost: "was lost with its worker",
  cancelled: "was stopped",
  "given-back": "was given back",
};

/** The attempts that came to nothing, or whose result was lost. No sentence when there are none. */
export function attemptsInWords(task: Task): string[] {
  const { history } = task;
  if (history === undefined) return [];
  const known = task.state.kind === "erred" ? task.state.error.message : undefined;
  const each = history.attempts.map(({ attempt, worker, startedMs, endedMs, fate, message }) => {
    const unstarted = fate === "done" ? "" : " before it started";
    const after = startedMs === undefined ? unstarted : ` after ${formatDuration(endedMs - startedMs)}`;
    const why = message === "" || message === known ? "" : ` (${message.slice(0, messageLengthMax)})`;
    return `attempt ${attempt} on ${worker} ${inWords[fate]}${after}${why}`;
  });
  const older =
    history.forgotten > 0
      ? `; ${counted(history.forgotten, "older one")} ${history.forgotten === 1 ? "is" : "are"} forgotten`
      : "";
  return [`Attempts that ended: ${each.join("; ")}${older}.`];
}

const punctuated = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);
