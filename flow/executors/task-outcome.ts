import { CancelledError } from "../../protocol/errors.ts";
import type { CancelOptions, FutureStatus } from "../executor.ts";

/** How a task ended, or that it has not. The first end counts; later ones change nothing. */
export class TaskOutcome<T> {
  readonly settled: Promise<T>;
  #status: FutureStatus = "pending";
  #error: unknown;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A failure that nobody waits for is no crash of the process.
    this.settled.catch(() => {});
  }

  get status(): FutureStatus {
    return this.#status;
  }

  get pending(): boolean {
    return this.#status === "pending";
  }

  /** What it failed with, once its status is "error" or "cancelled". */
  get error(): unknown {
    return this.#error;
  }

  finish(value: T): void {
    if (!this.pending) return;
    this.#status = "finished";
    this.#resolve(value);
  }

  fail(error: unknown): void {
    if (!this.pending) return;
    this.#status = error instanceof CancelledError ? "cancelled" : "error";
    this.#error = error;
    this.#reject(error);
  }
}

/** The error of a task that was cancelled with these options. */
export function cancellationOf(key: string, options: CancelOptions): CancelledError {
  const reason = options.reason ?? "no reason was given";
  return new CancelledError(`${key} was cancelled: ${reason}.`, { details: { reason } });
}
