import type { WireError } from "../../../protocol/errors.ts";
import type { EncodedValue } from "../../../protocol/messages.ts";
import { decodeValue, encodeValue } from "../../../protocol/value.ts";
import { type SlotJob, streamLevels } from "../slot-job.ts";
import type { FromSlot, SlotCluster, SlotWorker } from "../slot-messages.ts";
import { BriefReports } from "./brief-reports.ts";
import { beginJob, currentJob, endJob, runForJob, runTask } from "./current-job.ts";
import type { Output } from "./output.ts";
import { type JobSurroundings, RunningJob } from "./running-job.ts";
import type { SlotChannel } from "./slot-channel.ts";
import { prevented, thrownByTask, thrownUncaught } from "./task-failure.ts";
import { loadedTask, loadTask, type TaskFunction } from "./task-loader.ts";
import { taskLog } from "./task-log.ts";

// User code may put its own in place of the platform's.
const setTurn = setImmediate;

type JobReport = Extract<FromSlot, { readonly kind: "done" | "failed" }>;

/** Why a job ended before its function was called, or after it had returned. */
class Prevented {
  readonly error: WireError;
  constructor(error: WireError) {
    this.error = error;
  }
}

interface QueuedJob {
  readonly job: SlotJob;
  /** By which it is claimed. */
  readonly number: number;
  /** It was stopped before its turn came, and is not to be begun any more. */
  aborted?: WireError;
}

/** Runs jobs, one at a time, and reports how each ended. */
export class SlotRuntime {
  readonly #channel: SlotChannel;
  readonly #brief: BriefReports;
  readonly #output: Output;
  readonly #surroundings: JobSurroundings;
  #queue: QueuedJob[] = [];
  #next = 0;
  #running: RunningJob | undefined;
  /** Code of a job that has failed may still be running: no other is begun beside it. */
  #tainted = false;

  constructor(channel: SlotChannel, output: Output, worker: SlotWorker, cluster: SlotCluster | undefined) {
    this.#channel = channel;
    this.#brief = new BriefReports(channel);
    this.#output = output;
    this.#surroundings = {
      worker,
      cluster,
      log: (job) => taskLog((level, line) => output.line("log", level, job.id, line)),
      onWaiting: (running, waiting) => this.#waits(running, waiting),
    };
  }

  /** Each job gets a turn of the event loop of its own, so that what one leaves behind is never taken for the next one's. */
  take(jobs: readonly SlotJob[]): void {
    for (const job of jobs) {
      this.#queue.push({ job, number: this.#channel.lane?.arrived() ?? 0 });
      setTurn(() => this.#runNext());
    }
  }

  #runNext(): void {
    if (this.#running !== undefined || this.#tainted) return;
    for (let queued = this.#shift(); queued !== undefined; queued = this.#shift()) {
      // One that was taken back is somebody else's now.
      if (this.#channel.lane?.claim(queued.number) === false) continue;
      return this.#run(queued);
    }
    this.#brief.flush();
  }

  #shift(): QueuedJob | undefined {
    const queued = this.#queue[this.#next];
    if (queued !== undefined) this.#next++;
    else if (this.#next > 0) {
      this.#queue = [];
      this.#next = 0;
    }
    return queued;
  }

  #run({ job, aborted }: QueuedJob): void {
    const running = new RunningJob(job, this.#surroundings);
    this.#running = running;
    beginJob(job);
    if (aborted !== undefined) return this.#reportFailure(running, aborted, false);
    const fn = loadedTask(job.fn);
    if (fn !== undefined) void this.#attempt(running, fn);
    else void runForJob(job, () => this.#loadAndAttempt(running));
  }

  async #loadAndAttempt(running: RunningJob): Promise<void> {
    const { job } = running;
    let fn: TaskFunction;
    try {
      fn = await loadTask(job.fn, job.codePath);
    } catch (thrown) {
      return this.#failed(running, prevented(job.key, "cannot run", thrown, "CODE_FAILED"));
    }
    await this.#attempt(running, fn);
  }

  /** The client of a job's context is closed before its end is told: the next job may keep this thread from doing so. */
  async #attempt(running: RunningJob, fn: TaskFunction): Promise<void> {
    const { job } = running;
    try {
      const args = this.#decode(job);
      // Its code was still being loaded, and could not have heard of it.
      if (running.aborted !== undefined) throw new Prevented(running.aborted);
      this.#started(running);
      const returned = runTask(job, running.context(), () => fn(...args));
      const value = this.#encode(job, isThenable(returned) ? await returned : returned);
      const closed = running.close();
      if (closed !== undefined) await closed;
      this.#report(running, { kind: "done", job: job.id, value, startMs: running.startMs, endMs: running.endMs() });
    } catch (thrown) {
      await this.#failed(running, thrown instanceof Prevented ? thrown.error : thrownByTask(job.key, thrown));
    }
  }

  async #failed(running: RunningJob, error: WireError): Promise<void> {
    await running.close();
    this.#reportFailure(running, error, false);
  }

  #started(running: RunningJob): void {
    running.start();
    const news = { kind: "started", job: running.job.id, startMs: running.startMs } as const;
    if (running.job.brief === true) this.#brief.note(news);
    else this.#channel.send(news);
  }

  /** Aborts the signal in the job's context; one that has not begun never will. */
  abort(job: number, error: WireError): void {
    if (this.#running?.job.id === job) return this.#running.abort(error);
    // The last one, because one that was taken back may have been handed over again.
    const queued = this.#queue.findLast((other) => other.job.id === job);
    if (queued !== undefined) queued.aborted = error;
  }

  /** An error that nobody caught: it fails the job whose code threw it, if that still runs. */
  uncaught(thrown: unknown): void {
    const job = currentJob();
    const running = this.#running;
    if (running !== undefined && (job === undefined || job.id === running.job.id)) {
      this.#tainted = true;
      return this.#reportFailure(running, thrownUncaught(running.job.key, thrown), true);
    }
    const error = thrownUncaught(job?.key ?? "", thrown);
    const late = job === undefined ? "An error that nobody caught" : "After the end of the task";
    for (const line of `${late}: ${error.stack ?? error.message}`.split("\n")) {
      this.#output.line("stderr", streamLevels.stderr, job?.id, line);
    }
  }

  #encode({ key }: SlotJob, result: unknown): EncodedValue {
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

  #reportFailure(running: RunningJob, error: WireError, tainted: boolean): void {
    const { job, startMs } = running;
    this.#report(running, { kind: "failed", job: job.id, error, startMs, endMs: running.endMs(), tainted });
  }

  /** Tells the end of a job, unless it has been told. */
  #report(running: RunningJob, report: JobReport): void {
    if (this.#running !== running) return;
    this.#output.flush();
    this.#running = undefined;
    endJob(running.job);
    const more = this.#next < this.#queue.length;
    if (running.job.brief === true && report.kind === "done") this.#brief.tell(report, more);
    else this.#channel.send(report);
    if (more) setTurn(() => this.#runNext());
  }

  #waits(running: RunningJob, waiting: boolean): void {
    if (this.#running !== running) return;
    this.#channel.send({ kind: waiting ? "blocked" : "unblocked", job: running.job.id });
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return typeof (value as { then?: unknown }).then === "function";
}
