import type { Executor, ExecutorFuture, Submittable } from "../../../flow/executor.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { executorConformance } from "./conformance.ts";

watchLeaks();

/** As little as a user could write: it knows nothing of Muster's own executors. */
class PlainExecutor implements Executor {
  start<T>(body: () => Promise<T>): Promise<T> {
    return body();
  }

  submit<T>(fn: Submittable<T>, args: readonly unknown[]): ExecutorFuture<T> {
    const promise = (async () => fn(...((await this.wait(args)) as unknown[])))();
    promise.catch(() => {});
    return Object.assign(promise, {
      key: fn.name,
      status: "pending" as const,
      result: () => promise,
      cancel: async () => {},
    });
  }

  async wait(value: unknown): Promise<unknown> {
    if (value instanceof Promise) return value;
    if (Array.isArray(value)) return Promise.all(value.map((part) => this.wait(part)));
    if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype) return value;
    const parts = Object.entries(value).map(async ([name, part]) => [name, await this.wait(part)] as const);
    return Object.fromEntries(await Promise.all(parts));
  }
}

executorConformance("a user's own executor", () => new PlainExecutor(), {
  lazy: false,
  place: "this thread",
  slots: 1,
  stopsCode: false,
  minimal: true,
});
