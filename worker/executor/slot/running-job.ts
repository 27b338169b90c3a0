import type { WireError } from "../../../protocol/errors.ts";
import type { Logger } from "../../../protocol/logger.ts";
import type { TaskContext } from "../../../protocol/task-context.ts";
import { fromWireError } from "../../../protocol/wire-error.ts";
import type { SlotJob } from "../slot-job.ts";
import type { SlotCluster, SlotWorker } from "../slot-messages.ts";
import { JobClient } from "./job-client.ts";

export interface JobSurroundings {
  readonly worker: SlotWorker;
  readonly cluster: SlotCluster | undefined;
  readonly log: (job: SlotJob) => Logger;
  /** It waits for tasks that it submitted itself, or waits no longer. */
  readonly onWaiting: (running: RunningJob, waiting: boolean) => void;
}

/** The job that runs in a slot. What few tasks ask for is made when one asks. */
export class RunningJob {
  readonly job: SlotJob;
  /** Epoch milliseconds, and the monotonic moment that belongs to it. */
  startMs: number = Date.now();
  startedAt: number = performance.now();
  readonly #surroundings: JobSurroundings;
  #abort: AbortController | undefined;
  #client: JobClient | undefined;
  #closed = false;

  constructor(job: SlotJob, surroundings: JobSurroundings) {
    this.job = job;
    this.#surroundings = surroundings;
  }

  /** Its time counts from now. */
  start(): void {
    this.startMs = Date.now();
    this.startedAt = performance.now();
  }

  /** What the task may know of itself. */
  context(): TaskContext {
    const { job } = this;
    const { worker } = this.#surroundings;
    const signal = (): AbortSignal => this.#aborter().signal;
    const client = (): JobClient => this.#clientOf();
    let log: Logger | undefined;
    const logger = (): Logger => {
      log ??= this.#surroundings.log(job);
      return log;
    };
    return {
      key: job.key,
      attempt: job.attempt,
      get signal() {
        return signal();
      },
      worker,
      flowRun: job.flowRun,
      get log() {
        return logger();
      },
      client: () => client().get(),
    };
  }

  abort(error: WireError): void {
    this.#aborter().abort(fromWireError(error));
    // What it submitted is stopped with it, and what it awaits of that rejects.
    void this.close();
  }

  /** Closes its client. Never rejects; undefined where there is nothing to wait for. */
  close(): Promise<void> | undefined {
    this.#closed = true;
    return this.#client?.close();
  }

  #aborter(): AbortController {
    this.#abort ??= new AbortController();
    return this.#abort;
  }

  #clientOf(): JobClient {
    if (this.#client === undefined) {
      const { cluster, onWaiting } = this.#surroundings;
      this.#client = new JobClient(this.job, cluster, (waiting) => onWaiting(this, waiting));
      if (this.#closed) void this.#client.close();
    }
    return this.#client;
  }
}
