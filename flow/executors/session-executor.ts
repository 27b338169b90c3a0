import type { Task } from "../../client/task.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import type { Executor, ExecutorFuture, RunContext, StartOptions, SubmitExtra, Submittable } from "../executor.ts";
import { resolveFutures } from "./nested-futures.ts";
import { type RunSession, RunSessions } from "./run-sessions.ts";

/** One run of an executor: where its work is submitted to. */
export interface ExecutorSession extends RunSession {
  submit(fn: Submittable, args: readonly unknown[], extra: SubmitExtra): ExecutorFuture;
  /** Resolves once nothing of the run is at work any more. */
  cancelAll(reason: string): Promise<void>;
}

/** What a session knows of its run. */
export interface SessionOptions {
  readonly context: RunContext;
  readonly log: Logger;
}

/** What the executors have in common: a session for each run, and every call passed on to the caller's own session. */
export abstract class SessionExecutor implements Executor {
  readonly #sessions: RunSessions<ExecutorSession> = new RunSessions();

  protected abstract openSession(options: SessionOptions): ExecutorSession;

  async start<T>(body: () => Promise<T>, options: StartOptions = {}): Promise<T> {
    const { context = {}, log = silentLogger } = options;
    return this.#sessions.run(this.openSession({ context, log }), log, body);
  }

  /** @throws ClusterError `NOT_STARTED` */
  // biome-ignore lint/suspicious/noExplicitAny: any task may be handed to an executor.
  submit<T>(task: Task<any[], T>, args: readonly unknown[], extra?: SubmitExtra): ExecutorFuture<Awaited<T>>;
  submit<T>(fn: Submittable<T>, args: readonly unknown[], extra?: SubmitExtra): ExecutorFuture<T>;
  submit(fn: Submittable, args: readonly unknown[], extra: SubmitExtra = {}): ExecutorFuture {
    return this.#sessions.current().submit(fn, args, extra);
  }

  async wait(futures: unknown): Promise<unknown> {
    this.#sessions.current();
    return resolveFutures(futures);
  }

  async cancelRun(reason: string): Promise<void> {
    await this.#sessions.current().cancelAll(reason);
  }
}
