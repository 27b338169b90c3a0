// What `explain` tells of one task, as plain data. Times are ages: how many milliseconds before the answer.

/** As in `ClusterInfo`, and "unknown" for a key that the scheduler has no task of. */
export type ExplainedState =
  | "waiting"
  | "queued"
  | "no-worker"
  | "processing"
  | "memory"
  | "erred"
  | "released"
  | "unknown";

export interface Explanation {
  readonly key: string;
  readonly state: ExplainedState;
  /** All of it in sentences, for people. */
  readonly paragraph: string;
  /** The run whose share of the cluster it uses. Absent for an unknown key. */
  readonly run?: string | undefined;
  /** For how long it has been in this state, in ms. Absent for an unknown key. */
  readonly sinceMs?: number | undefined;
  /** Only while it is processing: the worker that it was sent to. */
  readonly worker?: string | undefined;
  /** The inputs that are not in memory, at most a hundred of them. */
  readonly waitsFor: readonly ExplainedTask[];
  /** How many inputs are not in memory. */
  readonly waitsForCount: number;
  /** Of a waiting task: what everything hangs on, which waits for no other task. */
  readonly cause?: ExplainedCause | undefined;
  /** Why it does not run now. Empty for a task that runs or has ended. */
  readonly reasons: readonly ExplainedReason[];
  /** Every attempt's fate, oldest first; the last eight that ended, and the one that is under way. */
  readonly attempts: readonly ExplainedAttempt[];
  /** How many attempts before those are no longer remembered. */
  readonly attemptsForgotten: number;
  /** Names of the workers that hold its result. */
  readonly holders: readonly string[];
  /** The size of its result in memory; 0 without one. */
  readonly bytes: number;
  /** Of a task that ended without a result: why, and the key of the task whose own end it was. */
  readonly error?: { readonly code: string; readonly message: string; readonly origin: string } | undefined;
}

/** Another task, in short. */
export interface ExplainedTask {
  readonly key: string;
  readonly state: ExplainedState;
  /** Only while it is processing. */
  readonly worker?: string | undefined;
  /** For how long it has been in this state, in ms. */
  readonly sinceMs: number;
}

export interface ExplainedCause extends ExplainedTask {
  readonly reasons: readonly ExplainedReason[];
}

export type ReasonCode =
  /** Inputs are not in memory. */
  | "inputs"
  /** No worker is connected. */
  | "no-workers"
  /** No worker that is connected could ever run it, however idle; `details` names what is missing. */
  | "unsuited"
  /** The workers that could run it are paused or leaving. */
  | "not-taking"
  /** Its run has as many tasks on workers as it may have. */
  | "run-at-cap"
  /** The resources that it asks for are there, and in use. */
  | "resources-busy"
  /** An earlier attempt at it is still being stopped where it could run. */
  | "being-stopped"
  /** The slots of every worker that could run it are taken. */
  | "slots-busy"
  /** Tasks that are queued too come first. */
  | "behind"
  /** It waits for the worker where its inputs lie. */
  | "prefers-worker"
  /** It was sent to a worker and has not started there. */
  | "not-started";

export interface ExplainedReason {
  readonly code: ReasonCode;
  /** One or more sentences. */
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** "sent": it lies in the worker's queue; "given-back": it was to run elsewhere before it had started. */
export type AttemptFate = "sent" | "running" | "done" | "failed" | "lost" | "cancelled" | "given-back";

export interface ExplainedAttempt {
  /** 1 for the first. */
  readonly attempt: number;
  readonly worker: string;
  readonly fate: AttemptFate;
  /** Its error, or why it ended. Empty for one that is done or under way. */
  readonly message: string;
  readonly assignedAgoMs: number;
  /** Absent: the worker never said that it started. */
  readonly startedAgoMs?: number | undefined;
  /** Absent while it is under way. */
  readonly endedAgoMs?: number | undefined;
}
