import { withDeadline } from "./deadline.ts";
import type { Future } from "./future.ts";
import { checkOptions, isAmount, oneOf } from "./task-options.ts";

export interface WaitOptions {
  /** "first": returns as soon as one has ended. Default "all". */
  readonly returnWhen?: "all" | "first" | undefined;
  /** Default: no limit. */
  readonly timeoutMs?: number | undefined;
}

export interface WaitResult<T> {
  /** Those that have ended, however they ended. */
  readonly done: Future<T>[];
  readonly pending: Future<T>[];
}

/**
 * Waits until futures have ended, whatever came of them; fetches nothing.
 * @throws ClusterError TIMED_OUT, ConfigurationError BAD_OPTION
 */
export async function wait<T>(futures: Iterable<Future<T>>, options: WaitOptions = {}): Promise<WaitResult<T>> {
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
  await withDeadline(enough, timeoutMs, () => `the end of ${all.length} futures`);
  return {
    done: all.filter(({ status }) => status !== "pending"),
    pending: all.filter(({ status }) => status === "pending"),
  };
}

/**
 * Futures in the order in which they end, however they end; fetches nothing. A `for await` loop gets the futures
 * themselves, though TypeScript takes them for their values there: await them, which is right for both.
 */
export function asCompleted<T>(futures: Iterable<Future<T>>): AsyncIterableIterator<Future<T>> {
  const distinct = new Set(futures);
  const ended: Future<T>[] = [];
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
    async next(): Promise<IteratorResult<Future<T>, undefined>> {
      if (left === 0) return { done: true, value: undefined };
      left -= 1;
      while (ended.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return { done: false, value: ended.shift() as Future<T> };
    },
    async return(): Promise<IteratorResult<Future<T>, undefined>> {
      left = 0;
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
