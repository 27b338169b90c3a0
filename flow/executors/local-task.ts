import { TaskError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { noCluster } from "../../protocol/nested-client.ts";
import { runInContext } from "../../protocol/task-context.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import type { CancelOptions, FutureStatus, Submittable } from "../executor.ts";
import { nowMs } from "./local-record.ts";
import { resolveFutures } from "./nested-futures.ts";
import type { FutureSource } from "./task-future.ts";
import { cancellationOf, TaskOutcome } from "./task-outcome.ts";

export interface LocalTaskOptions {
  readonly key: string;
  readonly fn: Submittable;
  readonly args: readonly unknown[];
  /** 0: none. */
  readonly timeoutMs: number;
  readonly flowRun: string | undefined;
  readonly log: Logger;
  /** Told whenever somebody waits for the result. */
  readonly onDemand: () => void;
}

/** One function that runs in this thread, at most once. */
export class LocalTask implements FutureSource {
  readonly key: string;
  readonly #options: Omit<LocalTaskOptions, "args">;
  readonly outcome: TaskOutcome<unknown> = new TaskOutcome();
  /** When its function was called, in Unix epoch ms. */
  startedMs: number | undefined;
  readonly #abort = new AbortController();
  #args: readonly unknown[];

  constructor({ args, ...options }: LocalTaskOptions) {
    this.key = options.key;
    this.#args = args;
    this.#options = options;
  }

  get status(): FutureStatus {
    return this.outcome.status;
  }

  /** Empty once the task has ended, so that it does not keep the results it was made from. */
  get args(): readonly unknown[] {
    return this.#args;
  }

  value(): Promise<unknown> {
    this.#options.onDemand();
    return this.outcome.settled;
  }

  async cancel(options: CancelOptions): Promise<void> {
    if (!this.outcome.pending) return;
    const error = cancellationOf(this.key, options);
    this.#fail(error);
    if (options.force ?? true) this.#abort.abort(error);
  }

  /** Settles once the task has ended or was given up; never rejects. */
  async run(): Promise<void> {
    if (!this.outcome.pending) return;
    let args: readonly unknown[];
    try {
      args = (await resolveFutures(this.#args)) as readonly unknown[];
    } catch (error) {
      // An input that failed is the error of everything that needs it.
      this.#fail(error);
      return;
    }
    // It may have been cancelled while its inputs were awaited.
    if (!this.outcome.pending) return;
    const { timeoutMs } = this.#options;
    const timer = timeoutMs > 0 ? setTimeout(() => this.#timeOut(), timerMs(timeoutMs)) : undefined;
    this.startedMs = nowMs();
    const startedAtMs = performance.now();
    // The timer cannot fire while synchronous code holds the thread, so the time is looked at once more at the end.
    const isLate = (): boolean => timeoutMs > 0 && performance.now() - startedAtMs > timeoutMs;
    this.#call(args).then(
      (value) => (isLate() ? this.#timeOut() : this.#finish(value)),
      (thrown: unknown) => (isLate() ? this.#timeOut() : this.#fail(failure(this.key, thrown))),
    );
    // Waiting for the future, and not for the function, lets the queue go on when the function was given up.
    await this.outcome.settled.catch(() => {});
    clearTimeout(timer);
  }

  #finish(value: unknown): void {
    this.#args = [];
    this.outcome.finish(value);
  }

  #fail(error: unknown): void {
    this.#args = [];
    this.outcome.fail(error);
  }

  async #call(args: readonly unknown[]): Promise<unknown> {
    const { fn, key, flowRun, log } = this.#options;
    const context = {
      key,
      attempt: 1,
      signal: this.#abort.signal,
      worker: { name: "local", address: "" },
      flowRun,
      log: log.child({ key }),
      client: () => Promise.reject(noCluster(key)),
    };
    return runInContext(context, () => fn(...args));
  }

  #timeOut(): void {
    const { timeoutMs } = this.#options;
    const error = new TaskError(
      "TASK_TIMED_OUT",
      `${this.key} ran longer than its timeoutMs of ${timeoutMs} ms. Code that ignores the signal of its task context cannot be stopped in this thread.`,
      { details: { timeoutMs } },
    );
    this.#fail(error);
    this.#abort.abort(error);
  }
}

function failure(key: string, thrown: unknown): TaskError {
  const what = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new TaskError("TASK_FAILED", `${key} failed: ${what}`, { cause: thrown });
}
