import type { WireError } from "../../../protocol/errors.ts";
import { runInContext } from "../../../protocol/task-context.ts";
import { decodeValue, encodeValue } from "../../../protocol/value.ts";
import { fromWireError } from "../../../protocol/wire-error.ts";
import { type SlotJob, streamLevels } from "../slot-job.ts";
import type { FromSlot, SlotCluster, SlotWorker } from "../slot-messages.ts";
import { JobClient } from "./job-client.ts";
import { currentFrame, runInFrame } from "./job-frame.ts";
import type { Output } from "./output.ts";
import type { SlotChannel } from "./slot-channel.ts";
import { prevented, thrownByTask, thrownUncaught } from "./task-failure.ts";
import { loadTask } from "./task-loader.ts";
import { taskLog } from "./task-log.ts";

/** The job that runs in this slot. */
interface RunningJob {
  readonly job: SlotJob;
  readonly abort: AbortController;
  readonly client: JobClient;
  /** Epoch milliseconds, and the monotonic moment that belongs to it. */
  startMs: number;
  startedAt: number;
}

/** Why a job ended before its function was called, or after it had returned. */
class Prevented {
  readonly error: WireError;
  constructor(error: WireError) {
    this.error = error;
  }
}

/** Runs jobs, one at a time, and reports how each ended. */
export class SlotRuntime {
  readonly #channel: SlotChannel;
  readonly #output: Output;
  readonly #worker: SlotWorker;
  readonly #cluster: SlotCluster | undefined;
  #running: RunningJob | undefined;

  constructor(channel: SlotChannel, output: Output, worker: SlotWorker, cluster: SlotCluster | undefined) {
    this.#channel = channel;
    this.#output = output;
    this.#worker = worker;
    this.#cluster = cluster;
  }

  /** The client of a job's context is closed before its end is told: the next job may keep this thread from doing so. */
  run(job: SlotJob): void {
    const running: RunningJob = {
      job,
      abort: new AbortController(),
      client: new JobClient(job, this.#cluster, (waiting) => this.#waits(running, waiting)),
      startMs: Date.now(),
      startedAt: performance.now(),
    };
    this.#running = running;
    void runInFrame({ job: job.id, key: job.key }, async () => {
      try {
        const value = await this.#execute(running);
        await running.client.close();
        this.#report(running, (times) => ({ kind: "done", job: job.id, value, ...times }));
      } catch (thrown) {
        const error = thrown instanceof Prevented ? thrown.error : thrownByTask(job.key, thrown);
        await running.client.close();
        this.#report(running, (times) => ({ kind: "failed", job: job.id, error, ...times, tainted: false }));
      }
    });
  }

  /** Aborts the signal in the job's context. */
  abort(job: number, error: WireError): void {
    const running = this.#running;
    if (running?.job.id !== job) return;
    running.abort.abort(fromWireError(error));
    // What it submitted is stopped with it, and what it awaits of that rejects.
    void running.client.close();
  }

  /** An error that nobody caught: it fails the job whose code threw it, if that still runs. */
  uncaught(thrown: unknown): void {
    const frame = currentFrame();
    const running = this.#running;
    if (running !== undefined && (frame === undefined || frame.job === running.job.id)) {
      const error = thrownUncaught(running.job.key, thrown);
      this.#report(running, (times) => ({ kind: "failed", job: running.job.id, error, ...times, tainted: true }));
      return;
    }
    const error = thrownUncaught(frame?.key ?? "", thrown);
    const late = frame === undefined ? "An error that nobody caught" : "After the end of the task";
    for (const line of `${late}: ${error.stack ?? error.message}`.split("\n")) {
      this.#output.line("stderr", streamLevels.stderr, frame?.job, line);
    }
  }

  async #execute(running: RunningJob): Promise<readonly Uint8Array[]> {
    const { job } = running;
    const { key } = job;
    const fn = await loadTask(job.fn, job.codePath).catch((error: unknown) => {
      throw new Prevented(prevented(key, "cannot run", error, "CODE_FAILED"));
    });
    const args = this.#decode(job);
    const context = {
      key,
      attempt: job.attempt,
      signal: running.abort.signal,
      worker: this.#worker,
      flowRun: job.flowRun,
      log: taskLog((level, line) => this.#output.line("log", level, job.id, line)),
      client: () => running.client.get(),
    };
    running.startMs = Date.now();
    running.startedAt = performance.now();
    this.#channel.send({ kind: "started", job: job.id, startMs: running.startMs });
    const result = await runInContext(context, () => fn(...args));
    try {
      return encodeValue(result, { label: "result" });
    } catch (error) {
      throw new Prevented(prevented(key, "returned a value that cannot be sent", error, "UNSENDABLE_VALUE"));
    }
  }

  #decode(job: SlotJob): unknown[] {
    try {
      const inputs = job.inputs.map((input) => decodeValue(input));
      return decodeValue(job.args, inputs) as unknown[];
    } catch (error) {
      throw new Prevented(prevented(job.key, "cannot read its inputs", error, "UNREADABLE_VALUE"));
    }
  }

  /** Tells the end of a job, unless it has been told. */
  #report(running: RunningJob, end: (times: { startMs: number; endMs: number }) => FromSlot): void {
    if (this.#running !== running) return;
    this.#output.flush();
    // The end is reckoned from the start by the monotonic clock, so that a duration is never negative.
    const { startMs, startedAt } = running;
    this.#channel.send(end({ startMs, endMs: startMs + performance.now() - startedAt }));
    this.#running = undefined;
  }

  #waits(running: RunningJob, waiting: boolean): void {
    if (this.#running !== running) return;
    this.#channel.send({ kind: waiting ? "blocked" : "unblocked", job: running.job.id });
  }
}
