import { randomUUID } from "node:crypto";
import type { Client } from "../../client/client.ts";
import { withDeadline } from "../../client/deadline.ts";
import type { Future } from "../../client/future.ts";
import { ClusterError } from "../../protocol/errors.ts";
import type { ExecutorFuture, SubmitExtra, Submittable } from "../executor.ts";
import type { ResolvedClusterOptions } from "./cluster-options.ts";
import { openRunCluster, type RunCluster } from "./run-cluster.ts";
import type { ExecutorSession, SessionOptions } from "./session-executor.ts";
import { submissionKey } from "./submission.ts";
import { TaskFuture } from "./task-future.ts";
import { cancellationOf, TaskOutcome } from "./task-outcome.ts";
import { WorkerWatch } from "./worker-watch.ts";

/** Longer than it takes to stop code that does not obey, and short enough for a run to end within seconds. */
const endPendingMsMax = 3_000;
/** Longer than it takes slots to tell where their code spent its time. */
const endRecordMsMax = 3_000;

/** One run on a cluster: its own temporary one, or its share of an existing one. */
export class ClusterSession implements ExecutorSession {
  readonly #options: ResolvedClusterOptions;
  readonly #session: SessionOptions;
  readonly #run: string;
  /** Only those under way: holding on to a finished one would keep its result on the cluster. */
  readonly #pending = new Set<Future<unknown>>();
  #cluster: RunCluster | undefined;
  #client: Client | undefined;
  #watch: WorkerWatch | undefined;
  #endRecord: (() => Promise<void>) | undefined;
  #submitted = 0;
  #cancelReason: string | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedClusterOptions, session: SessionOptions) {
    this.#options = options;
    this.#session = session;
    this.#run = session.context.flowRunId ?? randomUUID();
  }

  async open(): Promise<void> {
    const { place, clientOptions, watchWorkerStatus } = this.#options;
    this.#cluster = await openRunCluster(place, this.#session);
    this.#refuseIfCancelled();
    const client = await this.#cluster.connect(clientOptions);
    this.#client = client;
    this.#refuseIfCancelled();
    await this.#record(client);
    if (!watchWorkerStatus) return;
    this.#watch = new WorkerWatch(() => client.info(), this.#session.log);
    await this.#watch.start();
  }

  submit(fn: Submittable, args: readonly unknown[], extra: SubmitExtra): ExecutorFuture {
    const key = submissionKey(fn, this.#submitted++, extra);
    if (this.#cancelReason !== undefined) return cancelledFuture(key, this.#cancelReason);
    if (this.#client === undefined) {
      throw new ClusterError("NOT_STARTED", "This executor has not been started. Its cluster is still being started.");
    }
    const future = this.#client.submit(fn, args, {
      key,
      timeoutMs: extra.timeoutMs,
      resources: extra.resources,
      priority: extra.priority,
      workers: extra.workers,
      run: this.#run,
    });
    this.#pending.add(future);
    future.onDone(() => this.#pending.delete(future));
    return future;
  }

  async cancelAll(reason: string): Promise<void> {
    this.#cancelReason ??= reason;
    // Still opening: that will find itself cancelled, and what it has started is taken down when the session is stopped.
    if (this.#client === undefined) return;
    const { place } = this.#options;
    if (place.kind === "temporary") {
      await this.#close();
    } else if (place.cancel === "drain") {
      await this.#drain(reason);
    } else {
      await this.#endPending();
    }
  }

  async stop(): Promise<void> {
    this.#cancelReason ??= "its run has ended";
    await this.#close();
  }

  /** Ends what is under way, the connection, and a temporary cluster; each although another fails. */
  #close(): Promise<void> {
    this.#closing ??= closeAll([
      async () => this.#watch?.stop(),
      () => this.#endPending(),
      () => this.#finishRecord(),
      async () => this.#client?.close(),
      async () => this.#cluster?.close(),
    ]);
    return this.#closing;
  }

  /** From the first task on, also those of a run that is cancelled while its cluster is still being started. */
  async #record(client: Client): Promise<void> {
    const { report } = this.#session;
    if (report === undefined) return;
    this.#endRecord = await client.watch({ run: this.#run, profile: true }, report.add);
  }

  /** A report of what was heard until then is better than none, whatever became of the scheduler. */
  async #finishRecord(): Promise<void> {
    if (this.#endRecord === undefined) return;
    await withDeadline(this.#endRecord(), endRecordMsMax, () => "the last news of the run").catch((error: unknown) => {
      this.#session.log.warn({ err: error }, "the last of what happened is missing in the performance report");
    });
  }

  /** A scheduler that does not answer must not keep the run from ending: it cancels what no client wants by itself. */
  async #endPending(): Promise<void> {
    const cancelled = this.#cancelPending(true, this.#cancelReason ?? "its run has ended");
    await withDeadline(cancelled, endPendingMsMax, () => "the end of the run's tasks").catch((error: unknown) => {
      this.#session.log.warn({ err: error }, "the run's tasks could not be cancelled before the connection was closed");
    });
  }

  async #cancelPending(force: boolean, reason: string): Promise<void> {
    const futures = [...this.#pending];
    if (futures.length > 0) await this.#client?.cancel(futures, { force, reason });
  }

  async #drain(reason: string): Promise<void> {
    const run = this.#run;
    const info = await this.#client?.info();
    const running = info?.runs.find((one) => one.run === run)?.running ?? 0;
    this.#session.log.info({ run, running }, `stopping, waiting for ${running} active tasks`);
    await this.#cancelPending(false, reason);
  }

  #refuseIfCancelled(): void {
    if (this.#cancelReason !== undefined) throw cancellationOf("the run", { reason: this.#cancelReason });
  }
}

function cancelledFuture(key: string, reason: string): ExecutorFuture {
  const outcome = new TaskOutcome<unknown>();
  outcome.fail(cancellationOf(key, { reason }));
  return new TaskFuture({
    key,
    get status() {
      return outcome.status;
    },
    value: () => outcome.settled,
    cancel: async () => {},
  });
}

/** Takes every step, one after another, and throws the first error at the end. */
async function closeAll(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
