import { ClusterError } from "../protocol/errors.ts";
import { withDeadline } from "./deadline.ts";
import type { FutureRecord } from "./future-record.ts";
import type { Waits } from "./waits.ts";

export type FutureStatus = "pending" | "finished" | "error" | "cancelled" | "lost";

export interface CancelOptions {
  /** Stops running code; false lets it finish and throws its result away. Default true. */
  readonly force?: boolean | undefined;
  /** Says why, in errors and logs. */
  readonly reason?: string | undefined;
}

/** What a future asks of its client. */
export interface FutureOwner {
  /** Told of whoever waits for futures, if anybody wants to know. */
  readonly waits: Waits | undefined;
  /** The value, once there is one. Holds on to the Future until then: one that is being awaited is never collected. */
  fetch(record: FutureRecord, future: Future<unknown>): Promise<unknown>;
  cancel(futures: readonly Future<unknown>[], options?: CancelOptions): Promise<void>;
  retry(futures: readonly Future<unknown>[]): Promise<void>;
  release(record: FutureRecord): void;
}

/**
 * The result of a submitted task, which may not exist yet and lies on a worker. It may stand for its value in the
 * arguments of other tasks, which then run where the value lies.
 *
 * It can be awaited, which fetches the value. So an async function that returns a Future returns its value: return it
 * inside an array or an object to hand on the Future itself. A future that nobody awaits may fail without an unhandled
 * rejection. As long as it is neither released nor collected as garbage, the cluster keeps its result.
 */
export class Future<out T> implements PromiseLike<T> {
  readonly #record: FutureRecord;
  readonly #owner: FutureOwner;
  #released = false;

  /** What a client keeps of a future. */
  static recordOf(future: Future<unknown>): FutureRecord {
    return future.#record;
  }

  /** The way to wait for something that hangs on these futures. */
  static waiter(futures: Iterable<Future<unknown>>): <V>(promise: Promise<V>) => Promise<V> {
    const waits = new Set<Waits>();
    for (const future of futures) if (future.#owner.waits !== undefined) waits.add(future.#owner.waits);
    return (promise) => {
      let waited = promise;
      for (const one of waits) waited = one.during(waited);
      return waited;
    };
  }

  /** Futures are made by a client. */
  constructor(record: FutureRecord, owner: FutureOwner) {
    this.#record = record;
    this.#owner = owner;
  }

  /** The cluster's name for the task. */
  get key(): string {
    return this.#record.key;
  }

  /** "error": the task failed. "lost": the result is gone and cannot be made again, or the connection is lost. */
  get status(): FutureStatus {
    return this.#record.state.status;
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is there to be awaited.
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((error: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.result().then(onFulfilled, onRejected);
  }

  /**
   * Fetches the value, once there is one.
   * @throws TaskError and its kin when the task failed; CancelledError; ClusterError TIMED_OUT after `timeoutMs` (default:
   * never; the task goes on), DATA_LOST, CONNECTION_LOST, CLOSED, UNKNOWN_FUTURE after a release.
   */
  result(options: { readonly timeoutMs?: number | undefined } = {}): Promise<T> {
    if (this.#released) return Promise.reject(this.#releasedError());
    const { timeoutMs } = options;
    const value = this.#owner.fetch(this.#record, this) as Promise<T>;
    // Results are gathered by the thousand, mostly without either.
    return timeoutMs === undefined && this.#owner.waits === undefined ? value : this.#within(timeoutMs, value);
  }

  /** Waits for the end, and returns why the task failed or was cancelled; undefined when it finished. */
  async exception(options: { readonly timeoutMs?: number | undefined } = {}): Promise<Error | undefined> {
    if (this.#released) throw this.#releasedError();
    await this.#within(options.timeoutMs, this.#record.done());
    const { state } = this.#record;
    return "error" in state ? state.error : undefined;
  }

  /** Resolves once nothing of it runs any more. A future that has ended is left as it is. */
  cancel(options?: CancelOptions): Promise<void> {
    return this.#owner.cancel([this], options);
  }

  /** Runs a failed task again, with the failed tasks that it depends on. */
  retry(): Promise<void> {
    return this.#owner.retry([this]);
  }

  /** Calls back once, after the future has ended in whatever way; soon, if it already has. */
  onDone(callback: (future: this) => void): void {
    if (this.#released) throw this.#releasedError();
    this.#record.onceDone(() => queueMicrotask(() => callback(this)));
  }

  /** Lets the cluster throw the result away once no task needs it. The future cannot be used afterwards. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#owner.release(this.#record);
  }

  #releasedError(): ClusterError {
    return new ClusterError(
      "UNKNOWN_FUTURE",
      `the future of "${this.key}" was released: keep it until its result was used`,
    );
  }

  /** As an async method it holds on to the Future while it waits: one that is being awaited is never collected. */
  async #within<V>(timeoutMs: number | undefined, promise: Promise<V>): Promise<V> {
    const pending = this.status === "pending";
    const ended = withDeadline(promise, timeoutMs, () => `the result of "${this.key}"`);
    return await (pending && this.#owner.waits !== undefined ? this.#owner.waits.during(ended) : ended);
  }
}
