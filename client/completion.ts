import { withDeadline } from "./deadline.ts";
import { Future } from "./future.ts";
import { checkOptions, isAmount, oneOf } from "./task-options.ts";

export interface WaitOptions {
  /** "first": returns as soon as one has ended. Default "all". */
  readonly returnWhen?: "all" | "first" | undefined;
  /** Default: no limit. */
  readonly timeoutMs?: number | undefined;
}

export interface WaitResult<F> {
  /** Those that have ended, however they ended. */
  readonly done: F[];
  readonly pending: F[];
}

/**
 * Waits until futures have ended, whatever came of them; fetches nothing.
 * @throws ClusterError TIMED_OUT, ConfigurationError BAD_OPTION
 */
export async function wait<F extends Future<unknown>>(
  futures: Iterable<F>,
  options: WaitOptions = {},
): Promise<WaitResult<F>> {
  checkOptions("wait", options, { returnWhen: oneOf("all", "first"), timeoutMs: isAmount });
  const { returnWhen = "all", timeoutMs } = options;
  const all = [...futures];
  const distinct = new Set(all);
  const enough = new Promise<void>((resolve) => {
    let missing = returnWhen === "all" ? distinct.size : Math.min(1, distinct.size);
    if (missing === 0) resolve();
    for (const future of distinct) {
      future.onDone(() => {
        missing -= 1;
        if (missing === 0) resolve();
      });
    }
  });
  const ended = withDeadline(enough, timeoutMs, () => `the end of ${all.length} futures`);
  await Future.waiter(distinct)(ended);
  return {
    done: all.filter(({ status }) => status !== "pending"),
    pending: all.filter(({ status }) => status === "pending"),
  };
}

/**
 * Futures in the order in which they end, however they end; fetches nothing. A `for await` loop gets the futures
 * themselves, though TypeScript takes them for their values there: await them, which is right for both.
 */
export function asCompleted<F extends Future<unknown>>(futures: Iterable<F>): AsyncIterableIterator<F> {
  const distinct = new Set(futures);
  const waitFor = Future.waiter(distinct);
  const ended: F[] = [];
  const waiting: (() => void)[] = [];
  let left = distinct.size;
  for (const future of distinct) {
    future.onDone(() => {
      ended.push(future);
      waiting.shift()?.();
    });
  }
  // Not an async generator: what that yields is awaited, and a future would come out as its value.
  return {
    async next(): Promise<IteratorResult<F, undefined>> {
      if (left === 0) return { done: true, value: undefined };
      left -= 1;
      while (ended.length === 0) await waitFor(new Promise<void>((resolve) => waiting.push(resolve)));
      return { done: false, value: ended.shift() as F };
    },
    async return(): Promise<IteratorResult<F, undefined>> {
      left = 0;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
