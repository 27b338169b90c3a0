import type { ReportEnding } from "../client/performance-report.ts";
import type { Logger } from "../protocol/logger.ts";

/** Where a submitted piece of work stands. "lost": its result is gone and cannot be made again. */
export type FutureStatus = "pending" | "finished" | "error" | "cancelled" | "lost";

/** The result to be of one submitted function. Awaiting it gives the value or throws what went wrong. */
export interface ExecutorFuture<T = unknown> extends PromiseLike<T> {
  /** Reads `name-index-uuid`, and is never used twice. */
  readonly key: string;
  readonly status: FutureStatus;
  /** Like awaiting it, but gives up with code `TIMED_OUT` after `timeoutMs` (default: never). The work itself goes on. */
  result(options?: { timeoutMs?: number | undefined }): Promise<T>;
  /**
   * Ends the work and makes the future reject with code `CANCELLED`. `force` (default true) stops running code where the
   * executor can, false lets it finish and throws its result away.
   */
  cancel(options?: CancelOptions): Promise<void>;
}

/** How one future is cancelled. */
export interface CancelOptions {
  readonly force?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** What a submission may ask for besides its function and arguments. An executor ignores what has no meaning for it. */
export interface SubmitExtra {
  /** Default: `name-index-uuid`. */
  readonly key?: string | undefined;
  /** What the key starts with and what progress shows. Default: the function's name. */
  readonly name?: string | undefined;
  /** The running code is stopped after this long and the future rejects with `TASK_TIMED_OUT`. Default 0: never. */
  readonly timeoutMs?: number | undefined;
  /** Quantities of workers that the task takes while it runs, such as `{ GPU: 1 }`. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** Higher runs first. Default 0. */
  readonly priority?: number | undefined;
  /** Names, addresses or hosts of the workers that may run it. Default: any. */
  readonly workers?: readonly string[] | undefined;
}

/** What a run knows about itself; handed to cluster class factories, which may read it to choose an image. */
export interface RunContext {
  readonly flowRunId?: string | undefined;
  /** The container image that the run was deployed with. */
  readonly image?: string | undefined;
  readonly [name: string]: unknown;
}

/** What a run tells its executor when it starts. */
export interface StartOptions {
  readonly context?: RunContext | undefined;
  /** Default: says nothing. */
  readonly log?: Logger | undefined;
  /** Where to write the run's performance report, instead of where the executor would. One that cannot make reports ignores it. */
  readonly performanceReportPath?: string | undefined;
  /** Asked once the body has ended. Undefined: by whether the body threw. */
  readonly ending?: (() => ReportEnding | undefined) | undefined;
}

/** A function as it is handed to an executor; calling it with the resolved arguments runs it in place. A task is one. */
// biome-ignore lint/suspicious/noExplicitAny: any function may be handed to an executor.
export type Submittable<T = unknown> = (...args: any[]) => T | PromiseLike<T>;

/**
 * Runs submitted functions somewhere. Users may write their own: `start`, `submit` and `wait` are enough.
 * An executor never sees the flow, only functions and arguments.
 */
export interface Executor {
  /** Makes the executor ready, runs `body`, and takes everything down again however `body` ends. */
  start<T>(body: () => Promise<T>, options?: StartOptions): Promise<T>;
  /** Futures may stand anywhere in `args`, inside arrays and plain objects; the function gets their values. */
  submit<T>(fn: Submittable<T>, args: readonly unknown[], extra?: SubmitExtra): ExecutorFuture<T>;
  /** Gives `futures` (any nesting of arrays and plain objects) with values in the futures' places; rejects with the first error. */
  wait(futures: unknown): Promise<unknown>;
  /** Cancels all work of the run from whose `start` body this is called; what it submits later is cancelled, too. */
  cancelRun?(reason: string): Promise<void>;
  /** Results lie in this process anyway, so that a flow run has them all at no cost. Default false. */
  readonly holdsResults?: boolean;
  /** How many functions it runs at once; callable while a run is started. */
  slots?(): number;
}
