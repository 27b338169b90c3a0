import type { Executor, ExecutorFuture, FutureStatus, SubmitExtra } from "../../flow/executor.ts";
import { resolveFutures } from "../../flow/executors/nested-futures.ts";
import { CancelledError, ClusterError } from "../../protocol/errors.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";

/** What a test may do to a submission before it runs. */
export type Meddle = (name: string, extra: SubmitExtra) => void | Promise<void>;

/**
 * Runs everything in this process, all at once, but as a cluster would show it: arguments and results are encoded and
 * decoded, and a task whose input failed fails with it.
 */
export class FarExecutor implements Executor {
  readonly submitted: string[] = [];
  readonly extras: SubmitExtra[] = [];
  readonly cancelled: string[] = [];
  /** Arguments of each submission, as they were submitted. */
  readonly args: (readonly unknown[])[] = [];
  readonly #meddle: Meddle;
  #runs = 0;

  constructor(meddle: Meddle = () => {}) {
    this.#meddle = meddle;
  }

  /** Runs that are under way. */
  get open(): number {
    return this.#runs;
  }

  async start<T>(body: () => Promise<T>): Promise<T> {
    this.#runs += 1;
    try {
      return await body();
    } finally {
      this.#runs -= 1;
    }
  }

  submit<T>(
    fn: (...args: any[]) => T | PromiseLike<T>,
    args: readonly unknown[],
    extra: SubmitExtra = {},
  ): ExecutorFuture<T> {
    if (this.#runs === 0) throw new ClusterError("NOT_STARTED", "this executor has not been started");
    const name = extra.name ?? fn.name;
    this.submitted.push(name);
    this.extras.push(extra);
    this.args.push(args);
    let status: FutureStatus = "pending";
    let cancel: (error: Error) => void = () => {};
    const stopped = new Promise<never>((_, reject) => {
      cancel = reject;
    });
    const compute = async (): Promise<T> => {
      const inputs = (await resolveFutures(args)) as unknown[];
      await this.#meddle(name, extra);
      return copy(await fn(...(copy(inputs) as unknown[])));
    };
    const result = Promise.race([compute(), stopped]);
    result.then(
      () => {
        status = "finished";
      },
      () => {
        status = "error";
      },
    );
    const key = extra.key ?? `${name}-${this.submitted.length}`;
    return {
      key,
      get status() {
        return status;
      },
      // biome-ignore lint/suspicious/noThenProperty: a future is awaited.
      then: (onValue, onError) => result.then(onValue, onError),
      result: () => result,
      cancel: async () => {
        this.cancelled.push(key);
        cancel(new CancelledError(`${key} was cancelled`));
      },
    };
  }

  async wait(futures: unknown): Promise<unknown> {
    return resolveFutures(futures);
  }
}

function copy<T>(value: T): T {
  return decodeValue(encodeValue(value)) as T;
}
