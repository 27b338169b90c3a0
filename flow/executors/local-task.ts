import { CancelledError, TaskError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { runInContext } from "../../protocol/task-context.ts";
import type { CancelOptions, FutureStatus, Submittable } from "../executor.ts";
import { resolveFutures } from "./nested-futures.ts";
import type { FutureSource } from "./task-future.ts";

export interface LocalTaskOptions<T> {
  readonly key: string;
  readonly fn: Submittable<T>;
  readonly args: readonly unknown[];
  /** 0: none. */
  readonly timeoutMs: number;
  readonly flowRun: string | undefined;
  readonly log: Logger;
}

/** One function that runs in this thread, at most once. */
export class LocalTask<T = unknown> implements FutureSource<T> {
  readonly key: string;
  readonly #options: LocalTaskOptions<T>;
  readonly #ended: Promise<T>;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;
  readonly #abort = new AbortController();
  #status: FutureStatus = "pending";

  constructor(options: LocalTaskOptions<T>) {
    this.key = options.key;
    this.#options = options;
    this.#ended = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // A failure that nobody waits for is no crash of the process.
    this.#ended.catch(() => {});
  }

  get status(): FutureStatus {
    return this.#status;
  }

  value(): Promise<T> {
    return this.#ended;
  }

  async cancel(options: CancelOptions): Promise<void> {
    if (this.#status !== "pending") return;
    const reason = options.reason ?? "no reason was given";
    const error = new CancelledError(`${this.key} was cancelled: ${reason}.`, { details: { reason } });
    this.end(error);
    if (options.force ?? true) this.#abort.abort(error);
  }

  /** Settles once the task has ended or was given up; never rejects. */
  async run(): Promise<void> {
    let args: unknown;
    try {
      args = await resolveFutures(this.#options.args);
    } catch (error) {
      // An input that failed is the error of everything that needs it.
      this.end(error);
    }
    if (this.#status !== "pending") return;
    const timer = this.#startTimer();
    const startedAtMs = performance.now();
    // Waiting for the end of the future, and not of the function, lets the queue go on when the function was given up.
    void this.#call(args as unknown[]).then(
      (value) => {
        if (this.#isLate(startedAtMs)) this.#timeOut();
        else this.#finish(value);
      },
      (error: unknown) => {
        if (this.#isLate(startedAtMs)) this.#timeOut();
        else this.end(this.#failure(error));
      },
    );
    await this.#ended.catch(() => {});
    clearTimeout(timer);
  }

  /** Ends the task with an error, unless it has ended before. */
  end(error: unknown): void {
    if (this.#status !== "pending") return;
    this.#status = error instanceof CancelledError ? "cancelled" : "error";
    this.#reject(error);
  }

  #finish(value: T): void {
    if (this.#status !== "pending") return;
    this.#status = "finished";
    this.#resolve(value);
  }

  async #call(args: readonly unknown[]): Promise<T> {
    const { fn, key, flowRun, log } = this.#options;
    const context = {
      key,
      attempt: 1,
      signal: this.#abort.signal,
      worker: { name: "local", address: "" },
      flowRun,
      log: log.child({ key }),
    };
    return runInContext(context, () => fn(...args));
  }

  #startTimer(): NodeJS.Timeout | undefined {
    const { timeoutMs } = this.#options;
    if (timeoutMs === 0) return undefined;
    return setTimeout(() => this.#timeOut(), timeoutMs);
  }

  /** The timer cannot fire while synchronous code holds the thread, so the time is looked at once more at the end. */
  #isLate(startedAtMs: number): boolean {
    const { timeoutMs } = this.#options;
    return timeoutMs !== 0 && performance.now() - startedAtMs > timeoutMs;
  }

  #timeOut(): void {
    const { timeoutMs } = this.#options;
    const error = new TaskError(
      "TASK_TIMED_OUT",
      `${this.key} ran longer than its timeoutMs of ${timeoutMs} ms. LocalExecutor cannot stop code that ignores the signal of its task context.`,
      { details: { timeoutMs } },
    );
    this.end(error);
    this.#abort.abort(error);
  }

  #failure(thrown: unknown): TaskError {
    return new TaskError("TASK_FAILED", `${this.key} failed: ${describe(thrown)}`, { cause: thrown });
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
