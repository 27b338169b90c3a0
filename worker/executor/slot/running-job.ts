import type { WireError } from "../../../protocol/errors.ts";
import type { Logger } from "../../../protocol/logger.ts";
import type { NestedClient } from "../../../protocol/nested-client.ts";
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
  /** Epoch milliseconds. */
  startMs: number = Date.now();
  readonly #surroundings: JobSurroundings;
  /** The monotonic moment that belongs to `startMs`. */
  #startedAt: number = performance.now();
  #aborter: AbortController | undefined;
  #client: JobClient | undefined;
  #aborted: WireError | undefined;
  #closed = false;

  constructor(job: SlotJob, surroundings: JobSurroundings) {
    this.job = job;
    this.#surroundings = surroundings;
  }

  /** Its time counts from now. */
  start(): void {
    this.startMs = Date.now();
    this.#startedAt = performance.now();
  }

  /** Now, reckoned from the start by the monotonic clock, so that a duration is never negative. */
  endMs(): number {
    return this.startMs + performance.now() - this.#startedAt;
  }

  /** What the task may know of itself. */
  context(): TaskContext {
    return new JobContext(this, this.#surroundings);
  }

  get aborter(): AbortController {
    this.#aborter ??= new AbortController();
    return this.#aborter;
  }

  /** Why it is to stop. */
  get aborted(): WireError | undefined {
    return this.#aborted;
  }

  abort(error: WireError): void {
    this.#aborted = error;
    this.aborter.abort(fromWireError(error));
    // What it submitted is stopped with it, and what it awaits of that rejects.
    void this.close();
  }

  get client(): JobClient {
    if (this.#client === undefined) {
      const { cluster, onWaiting } = this.#surroundings;
      this.#client = new JobClient(this.job, cluster, (waiting) => onWaiting(this, waiting));
      if (this.#closed) void this.#client.close();
    }
    return this.#client;
  }

  /** Closes its client. Never rejects; undefined where there is nothing to wait for. */
  close(): Promise<void> | undefined {
    this.#closed = true;
    return this.#client?.close();
  }
}

class JobContext implements TaskContext {
  readonly key: string;
  readonly attempt: number;
  readonly worker: SlotWorker;
  readonly flowRun: string | undefined;
  readonly client: () => Promise<NestedClient>;
  readonly #running: RunningJob;
  readonly #surroundings: JobSurroundings;
  #log: Logger | undefined;

  constructor(running: RunningJob, surroundings: JobSurroundings) {
    const { key, attempt, flowRun } = running.job;
    this.key = key;
    this.attempt = attempt;
    this.worker = surroundings.worker;
    this.flowRun = flowRun;
    this.client = () => running.client.get();
    this.#running = running;
    this.#surroundings = surroundings;
  }

  get signal(): AbortSignal {
    return this.#running.aborter.signal;
  }

  get log(): Logger {
    this.#log ??= this.#surroundings.log(this.#running.job);
    return this.#log;
  }
}
