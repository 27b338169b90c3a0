import type { WireError } from "../protocol/errors.ts";

// A state is plain data, so that it travels from a worker to the flow runner as it is. The hierarchy of states lives in
// the predicates: a Retrying task is also scheduled and pending, a TimedOut one is also failed.

interface Said {
  /** One sentence for people. */
  readonly message: string;
  /** How long the task's function ran, as its task runner tells the flow runner. */
  readonly ranMs?: number | undefined;
}

/** Waits for its upstream tasks, its trigger or a slot. */
export interface Pending extends Said {
  readonly type: "Pending";
}

/** Will run `delayMs` after the state was made; without it, at once. */
export interface Scheduled extends Said {
  readonly type: "Scheduled" | "Resume";
  readonly delayMs?: number | undefined;
}

/** Will not run before somebody resumes it, or `delayMs` have passed if they are given. */
export interface Paused extends Said {
  readonly type: "Paused";
  readonly delayMs?: number | undefined;
}

/** Will run again `delayMs` after the state was made. */
export interface Retrying extends Said {
  readonly type: "Retrying";
  readonly delayMs: number;
  /** How many times the task has run so far. */
  readonly runCount: number;
  /** Why it runs again. */
  readonly error?: WireError | undefined;
  /** Where its loop stood, when it failed inside one: the next run goes on from there. */
  readonly loop?: Looped | undefined;
}

/** Handed over, or waiting in a queue, outside the flow runner. */
export interface Submitted extends Said {
  readonly type: "Submitted" | "Queued";
}

export interface Running extends Said {
  readonly type: "Running" | "Cancelling";
}

/** One round of a LOOP has ended, and another is to follow. */
export interface Looped extends Said {
  readonly type: "Looped";
  /** Rounds that have ended. */
  readonly loopCount: number;
  /** What the round hands to the next. */
  readonly result: unknown;
}

/** Ended well; `result` is what the task returned. Cached: it was not run, since its result was there already. */
export interface Success extends Said {
  readonly type: "Success" | "Cached";
  readonly result: unknown;
}

/** A mapped task whose children were made; how they ended is in their own states. */
export interface Mapped extends Said {
  readonly type: "Mapped";
  readonly count: number;
}

/** Counts as a success without a result. */
export interface Skipped extends Said {
  readonly type: "Skipped";
}

export interface Failed extends Said {
  readonly type: "Failed" | "TimedOut" | "TriggerFailed" | "ValidationFailed";
  /** What was thrown, if anything was. */
  readonly error?: WireError | undefined;
  /** What FAIL was given as a result. */
  readonly result?: unknown;
}

export interface Cancelled extends Said {
  readonly type: "Cancelled";
}

/** Where a task or a flow run stands. */
export type State =
  | Pending
  | Scheduled
  | Paused
  | Retrying
  | Submitted
  | Running
  | Looped
  | Success
  | Mapped
  | Skipped
  | Failed
  | Cancelled;

export type StateType = State["type"];

type Typed = { readonly type: StateType };

const among = (...types: StateType[]): ((state: Typed) => boolean) => {
  const set: ReadonlySet<StateType> = new Set(types);
  return (state) => set.has(state.type);
};

const scheduledTypes = ["Scheduled", "Paused", "Resume", "Retrying"] as const;
const successTypes = ["Success", "Cached", "Mapped", "Skipped"] as const;
const failedTypes = ["Failed", "TimedOut", "TriggerFailed", "ValidationFailed"] as const;

export const isPending: (state: Typed) => boolean = among("Pending", ...scheduledTypes);
export const isScheduled: (state: Typed) => boolean = among(...scheduledTypes);
export const isRunning: (state: Typed) => boolean = among("Running", "Cancelling");
export const isFinished: (state: Typed) => boolean = among("Looped", ...successTypes, ...failedTypes, "Cancelled");
const successful = among(...successTypes);
export const isSuccessful = (state: Typed): state is Success | Mapped | Skipped => successful(state);
const failedWith = among(...failedTypes);
export const isFailed = (state: Typed): state is Failed => failedWith(state);
export const isSkipped = (state: Typed): state is Skipped => state.type === "Skipped";
/** Whether it carries what the task returned. */
export const hasResult = (state: Typed): state is Success => state.type === "Success" || state.type === "Cached";

export const pending = (message = "Waits to run."): Pending => ({ type: "Pending", message });
export const scheduled = (message = "Scheduled.", delayMs?: number): Scheduled => ({
  type: "Scheduled",
  message,
  delayMs,
});
/** Given for a paused task, it lets the task run. */
export const resume = (message = "Resumed."): Scheduled => ({ type: "Resume", message });
export const paused = (message = "Paused.", delayMs?: number): Paused => ({ type: "Paused", message, delayMs });
export const retrying = (message: string, fields: Omit<Retrying, "type" | "message">): Retrying => ({
  type: "Retrying",
  message,
  ...fields,
});
export const submitted = (message = "Submitted."): Submitted => ({ type: "Submitted", message });
export const queued = (message = "Queued."): Submitted => ({ type: "Queued", message });
export const running = (message = "Running."): Running => ({ type: "Running", message });
export const cancelling = (message = "Is being cancelled."): Running => ({ type: "Cancelling", message });
export const looped = (message: string, loopCount: number, result?: unknown): Looped => ({
  type: "Looped",
  message,
  loopCount,
  result,
});
export const success = (message = "Succeeded.", result?: unknown): Success => ({ type: "Success", message, result });
export const cached = (message = "Taken from the cache.", result?: unknown): Success => ({
  type: "Cached",
  message,
  result,
});
export const mapped = (count: number, message = `Mapped to ${count} tasks.`): Mapped => ({
  type: "Mapped",
  message,
  count,
});
export const skipped = (message = "Skipped."): Skipped => ({ type: "Skipped", message });
export const failed = (message = "Failed.", error?: WireError): Failed => ({ type: "Failed", message, error });
export const timedOut = (message = "Timed out.", error?: WireError): Failed => ({ type: "TimedOut", message, error });
export const triggerFailed = (message = "Its trigger failed."): Failed => ({ type: "TriggerFailed", message });
export const validationFailed = (message = "Its result is not valid."): Failed => ({
  type: "ValidationFailed",
  message,
});
export const cancelled = (message = "Cancelled."): Cancelled => ({ type: "Cancelled", message });
