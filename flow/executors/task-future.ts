import { ClusterError } from "../../protocol/errors.ts";
import type { CancelOptions, ExecutorFuture, FutureStatus } from "../executor.ts";

/** What stands behind a future: the executor's own record of the work. */
export interface FutureSource<T> {
  readonly key: string;
  readonly status: FutureStatus;
  /** Asked for only when somebody waits, so a lazy executor starts here. May be asked more than once. */
  value(): Promise<T>;
  cancel(options: CancelOptions): Promise<void>;
}

/** The future of the executors that run on this machine. */
export class TaskFuture<T> implements ExecutorFuture<T> {
  readonly #source: FutureSource<T>;

  constructor(source: FutureSource<T>) {
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
    return this.#source.value().then(onValue, onError);
  }

  async result(options: { timeoutMs?: number | undefined } = {}): Promise<T> {
    const { timeoutMs } = options;
    if (timeoutMs === undefined) return this.#source.value();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(
          new ClusterError("TIMED_OUT", `The result of ${this.key} was not there after ${timeoutMs} ms; the task goes on.`),
        );
      }, timeoutMs);
    });
    try {
      return await Promise.race([this.#source.value(), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  cancel(options: CancelOptions = {}): Promise<void> {
    return this.#source.cancel(options);
  }
}
