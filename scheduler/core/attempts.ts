import type { AttemptFate } from "../../protocol/explanation.ts";
import type { Task } from "./task.ts";

/** How many ended attempts of a task are remembered; older ones are only counted. */
const rememberedMax = 8;
/** An error's message may be very long, and a history is kept as long as its task. */
const messageLengthMax = 500;
/** Stands for a time that has not come. */
export const never = -1;

export interface PastAttempt {
  readonly attempt: number;
  readonly worker: string;
  readonly assignedMs: number;
  /** Undefined: its worker never said that it started. */
  readonly startedMs: number | undefined;
  readonly endedMs: number;
  readonly fate: AttemptFate;
  readonly message: string;
}

export interface AttemptHistory {
  forgotten: number;
  /** Oldest first. */
  readonly attempts: PastAttempt[];
}

// The latest attempt lives in fields of its task, in whole milliseconds: a task that succeeds at its first attempt, as
// nearly all do, must not cost an object for what is only told when somebody asks.

export function beginAttempt(task: Task, worker: string, nowMs: number): void {
  if (task.attemptWorker !== "") remember(task, "done", "its result was lost later, and needed again");
  task.attempts++;
  task.attemptWorker = worker;
  task.assignedMs = Math.round(nowMs);
  task.startedMs = never;
  task.endedMs = never;
}

/** Its code runs, as its worker says. */
export function startAttempt(task: Task, nowMs: number): void {
  task.startedMs = Math.round(nowMs);
}

/** The attempt has its result. */
export function completeAttempt(task: Task, nowMs: number): void {
  task.endedMs = Math.round(nowMs);
}

/** The attempt under way comes to nothing. Nothing happens if that was told already. */
export function endAttempt(
  task: Task,
  fate: "failed" | "lost" | "cancelled" | "given-back",
  message: string,
  nowMs: number,
): void {
  if (task.attemptWorker === "") return;
  task.endedMs = Math.round(nowMs);
  remember(task, fate, message);
}

function remember(task: Task, fate: AttemptFate, message: string): void {
  task.history ??= { forgotten: 0, attempts: [] };
  const { attempts } = task.history;
  attempts.push({ ...latest(task), endedMs: task.endedMs, fate, message: message.slice(0, messageLengthMax) });
  task.attemptWorker = "";
  if (attempts.length <= rememberedMax) return;
  attempts.shift();
  task.history.forgotten++;
}

function latest(task: Task): Pick<PastAttempt, "attempt" | "worker" | "assignedMs" | "startedMs"> {
  return {
    attempt: task.attempts,
    worker: task.attemptWorker,
    assignedMs: task.assignedMs,
    startedMs: task.startedMs === never ? undefined : task.startedMs,
  };
}

/** Every attempt that is remembered, oldest first, the one under way or done last; `endedMs` is undefined while under way. */
export function attemptsOf(task: Task): (Omit<PastAttempt, "endedMs"> & { readonly endedMs: number | undefined })[] {
  const past = task.history?.attempts ?? [];
  if (task.attemptWorker === "") return [...past];
  const endedMs = task.endedMs === never ? undefined : task.endedMs;
  const underWay = task.startedMs === never ? "sent" : "running";
  return [...past, { ...latest(task), endedMs, fate: endedMs === undefined ? underWay : "done", message: "" }];
}
