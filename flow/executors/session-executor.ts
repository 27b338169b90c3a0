import { endingOf, PerformanceReport, type ReportEnding, succeeded } from "../../client/performance-report.ts";
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
  /** Takes what happens, and where; undefined: nobody wants a report. */
  readonly report: PerformanceReport | undefined;
}

/** What the executors have in common: a session for each run, and every call passed on to the caller's own session. */
export abstract class SessionExecutor implements Executor {
  readonly #sessions: RunSessions<ExecutorSession> = new RunSessions();
  #performanceReport: string | undefined;

  protected abstract openSession(options: SessionOptions): ExecutorSession;

  async start<T>(body: () => Promise<T>, options: StartOptions = {}): Promise<T> {
    const { context = {}, log = silentLogger, performanceReportPath: path = this.reportPath } = options;
    this.#performanceReport = undefined;
    if (path === undefined) return this.#sessions.run(this.openSession({ context, log, report: undefined }), log, body);
    const report = await PerformanceReport.begin({ path, title: titleOf(context), address: this.reportedAddress });
    let ending: ReportEnding = succeeded;
    try {
      return await this.#sessions.run(this.openSession({ context, log, report }), log, body);
    } catch (error) {
      ending = endingOf(error);
      throw error;
    } finally {
      this.#performanceReport = await report.write(options.ending?.() ?? ending, log);
    }
  }

  /** The performance report of the last run that has ended, as HTML: "", with a warning, if no path for one was set. */
  get performanceReport(): string {
    if (this.#performanceReport === undefined) {
      process.emitWarning("This executor was not asked for a performance report, so there is none.");
    }
    return this.#performanceReport ?? "";
  }

  /** Of the scheduler that is named in reports; empty for what has none, or one of its own. */
  protected get reportedAddress(): string {
    return "";
  }

  /** Where to write reports if the run does not say. */
  protected get reportPath(): string | undefined {
    return undefined;
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

function titleOf({ flowName, flowRunId }: RunContext): string {
  return typeof flowName === "string" ? flowName : (flowRunId ?? "run");
}
