import { withDeadline } from "../../client/deadline.ts";
import type { CancelOptions, ExecutorFuture, FutureStatus } from "../executor.ts";

/** What stands behind a future: the executor's own record of the work. */
export interface FutureSource {
  readonly key: string;
  readonly status: FutureStatus;
  /** Asked for only when somebody waits, so a lazy executor starts here. May be asked more than once. */
  value(): Promise<unknown>;
  cancel(options: CancelOptions): Promise<void>;
}

/** The future of the executors that run on this machine. Its type is a promise of the caller's: nothing checks results. */
export class TaskFuture<T = unknown> implements ExecutorFuture<T> {
  readonly #source: FutureSource;

  constructor(source: FutureSource) {
    this.#source = source;
  }

  get key(): string {
    return this.#source.key;
  }

  get status(): FutureStatus {
    return this.#source.status;
  }

  // biome-ignore lint/suspicious/noThenProperty: awaiting a future is what it is for.
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.#source.value() as Promise<T>).then(onValue, onError);
  }

  async result(options: { timeoutMs?: number | undefined } = {}): Promise<T> {
    const value = this.#source.value() as Promise<T>;
    return withDeadline(value, options.timeoutMs, () => `the result of "${this.key}"`);
  }

  cancel(options: CancelOptions = {}): Promise<void> {
    return this.#source.cancel(options);
  }
}
