import { silentLogger } from "../../protocol/logger.ts";
import type { Executor, ExecutorFuture, StartOptions, SubmitExtra, Submittable } from "../executor.ts";
import { LocalSession } from "./local-session.ts";
import { resolveFutures } from "./nested-futures.ts";
import { RunSessions } from "./run-sessions.ts";

/**
 * Runs every function in place: in this thread, one at a time, in the order of submission. The default executor, and the one
 * to debug with.
 *
 * `timeoutMs` aborts the signal of the task's context and fails the task with `TASK_TIMED_OUT`. Code in this thread cannot be
 * stopped, though: an asynchronous function that ignores the signal goes on unseen, and a synchronous one fails only after it
 * has returned. Use PoolExecutor or ClusterExecutor where timeouts must stop the code.
 */
export class LocalExecutor implements Executor {
  readonly #sessions = new RunSessions<LocalSession>();

  async start<T>(body: () => Promise<T>, options: StartOptions = {}): Promise<T> {
    const log = options.log ?? silentLogger;
    return this.#sessions.run(new LocalSession(log, options.context?.flowRunId), log, body);
  }

  /** @throws ClusterError `NOT_STARTED` */
  submit<T>(fn: Submittable<T>, args: readonly unknown[], extra: SubmitExtra = {}): ExecutorFuture<T> {
    return this.#sessions.current().submit(fn, args, extra);
  }

  async wait(futures: unknown): Promise<unknown> {
    this.#sessions.current();
    return resolveFutures(futures);
  }

  async cancelRun(reason: string): Promise<void> {
    this.#sessions.current().cancelAll(reason);
  }

  slots(): number {
    return 1;
  }
}
