import { isFailed, type Looped, retrying, type State } from "../states.ts";
import type { SentOptions } from "../task-run-request.ts";

/** What decides whether a failed task runs again. */
export interface RetryChoice {
  readonly options: Pick<SentOptions, "maxRetries" | "retryDelayMs">;
  readonly retryOn: ((error: unknown) => boolean) | undefined;
  /** How many times the task has run, the failed time included. */
  readonly runCount: number;
  /** What was thrown. */
  readonly error: unknown;
  /** Where the task's loop stood. */
  readonly loop: Looped | undefined;
}

/** Gives Retrying in place of a failed state as long as the task may run again; every other state stays. */
export function checkForRetry(state: State, { options, retryOn, runCount, error, loop }: RetryChoice): State {
  const { maxRetries, retryDelayMs } = options;
  if (!isFailed(state) || state.type === "TriggerFailed" || runCount > maxRetries) return state;
  if (retryOn !== undefined && !retryOn(error)) return state;
  return retrying(
    `Try ${runCount} of ${maxRetries + 1} failed; the next follows in ${retryDelayMs} ms. ${state.message}`,
    {
      delayMs: retryDelayMs,
      runCount,
      error: state.error,
      loop,
    },
  );
}
