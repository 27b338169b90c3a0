import type { LaneAccess, SlotHost, SlotListener } from "../../../worker/executor/slot-host.ts";
import type { SlotJob } from "../../../worker/executor/slot-job.ts";
import { type FromSlot, look, type ToSlot } from "../../../worker/executor/slot-messages.ts";

interface Queued {
  readonly job: SlotJob;
  readonly number: number;
  aborted: boolean;
}

/** A thread with its lane and its port, in which jobs begin and end, and are heard of, when the test says so. */
export class FakeThread implements SlotHost {
  readonly pid: undefined;
  readonly lane: LaneAccess;
  readonly listener: SlotListener;
  running: SlotJob | undefined;
  /** Its host wants it to end. */
  isEnding = false;
  hasEnded = false;
  /** Who was told to stop while it ran. */
  aborted: number | undefined;
  /** What has begun here, in order. */
  readonly begun: number[] = [];
  readonly #records: FromSlot[] = [];
  readonly #port: (FromSlot | typeof look)[] = [];
  #queue: Queued[] = [];
  #sent = 0;
  #next = 0;
  #tainted = false;

  constructor(listener: SlotListener) {
    this.listener = listener;
    this.lane = {
      recall: () => {
        const recalled = this.#sent - this.#next;
        this.#next = this.#sent;
        return recalled;
      },
      drain: () => {
        for (let news = this.#records.shift(); news !== undefined; news = this.#records.shift()) listener.message(news);
      },
    };
  }

  /** Whether it was given a job. */
  get wasUsed(): boolean {
    return this.#sent > 0;
  }

  get waiting(): number[] {
    return this.#queue.filter(({ number }) => number >= this.#next).map(({ job }) => job.id);
  }

  send(message: ToSlot): void {
    if (message.kind === "init") this.#port.push({ kind: "ready", heapLimitBytes: 1 });
    if (message.kind === "run") this.#queue.push({ job: message.job, number: this.#sent++, aborted: false });
    if (message.kind !== "abort") return;
    const queued = this.#queue.findLast(({ job }) => job.id === message.job);
    if (this.running?.id === message.job) this.aborted = message.job;
    else if (queued !== undefined) queued.aborted = true;
  }

  end(): void {
    this.isEnding = true;
  }

  kill(): boolean {
    return false;
  }

  /** Begins the next job that it may, if it can. */
  begin(): void {
    if (this.running !== undefined || this.#tainted) return;
    for (let queued = this.#queue.shift(); queued !== undefined; queued = this.#queue.shift()) {
      if (queued.number !== this.#next) continue;
      this.#next++;
      this.running = queued.job;
      if (queued.aborted) return this.fail();
      this.begun.push(queued.job.id);
      return this.#tell({ kind: "started", job: queued.job.id, startMs: 0 }, queued.job.brief === true);
    }
    if (this.#records.length > 0) this.#port.push(look);
  }

  /** Ends what runs. A small result of a brief job goes through the lane, and so overtakes what is in the port. */
  finish(size: "small" | "large" = "small"): void {
    const job = this.#stop();
    if (job === undefined) return;
    this.#tell({ kind: "done", job: job.id, value: [], startMs: 0, endMs: 1 }, job.brief === true && size === "small");
  }

  fail(tainted: boolean = false): void {
    const job = this.#stop();
    if (job === undefined) return;
    this.#tainted = tainted;
    const error = { code: "TASK_FAILED", message: "", retryable: false } as const;
    this.#tell({ kind: "failed", job: job.id, error, startMs: 0, endMs: 1, tainted }, false);
  }

  wait(waits: boolean): void {
    if (this.running !== undefined) this.#tell({ kind: waits ? "blocked" : "unblocked", job: this.running.id }, false);
  }

  /** Its host hears what is in the port. */
  deliver(): void {
    for (let message = this.#port.shift(); message !== undefined; message = this.#port.shift()) {
      this.lane.drain();
      if (message !== look) this.listener.message(message);
    }
  }

  exit(): void {
    this.deliver();
    this.lane.drain();
    this.hasEnded = true;
    this.running = undefined;
    this.listener.ended({ exitCode: 1, signal: null, outOfMemory: false, lastLines: [] });
  }

  #stop(): SlotJob | undefined {
    const job = this.running;
    this.running = undefined;
    return job;
  }

  #tell(news: FromSlot, throughLane: boolean): void {
    (throughLane ? this.#records : this.#port).push(news);
  }
}
