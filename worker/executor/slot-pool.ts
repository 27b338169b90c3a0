import { ClusterError } from "../../protocol/errors.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import { openProcess } from "./process-host.ts";
import { Slot } from "./slot.ts";
import type { ProfileOrder, SlotEvent, SlotJob } from "./slot-job.ts";
import type { SlotCluster, SlotWorker } from "./slot-messages.ts";
import { openThread } from "./thread-host.ts";

export type { JobEnd, LogStream, ProfileOrder, SlotEvent, SlotJob } from "./slot-job.ts";
export type { SlotCluster } from "./slot-messages.ts";

export interface SlotPoolOptions {
  /** Threads share this process; processes survive anything that user code does to its own. */
  readonly kind: "threads" | "processes";
  readonly slots: number;
  /** What tasks see in their context. */
  readonly worker: SlotWorker;
  /** Where tasks submit tasks by the client of their context. Default: nowhere. */
  readonly cluster?: SlotCluster | undefined;
  readonly onEvent: (event: SlotEvent) => void;
  /** How long a task may take to obey its signal, and its thread or process to end, before the next rung. Default 1,000. */
  readonly graceMs?: number | undefined;
  /**
   * The old-generation heap of each slot. Default 0: V8's own limit. A process that overflows it ends alone, always; of a
   * thread that holds only as long as no single allocation (a growing Map or array) is what overflows: then V8 aborts the
   * process that the thread lives in.
   */
  readonly maxHeapBytes?: number | undefined;
  /** How long a brief job may run before it is told of as "stalled", with those that wait behind it. Default 20. */
  readonly stallMs?: number | undefined;
  readonly log?: Logger | undefined;
}

/**
 * A fixed number of slots that run user code, each one job at a time. While jobs wait for tasks that they submitted
 * themselves, as many more slots may be asked for; those that are too many afterwards are ended after a while.
 */
export interface SlotPool extends AsyncDisposable {
  readonly size: number;
  readonly free: number;
  /** Why no job can be run ever again, once no slot can be started any more. */
  readonly broken: ClusterError | undefined;
  /**
   * Every job that is taken is answered by exactly one of the events "done", "failed", "cancelled" and "stuck".
   * @throws ClusterError INVARIANT_VIOLATION when no slot is free; NOT_STARTED when none can be started any more.
   */
  run(job: SlotJob): void;
  /**
   * Hands over a brief job to a slot that is busy with another: false where there is none that may take one. It is answered as
   * by `run`, or given back by "stalled".
   */
  runAhead(job: SlotJob): boolean;
  /** Starts slots in the place of those whose jobs are blocked, if there are not enough for so many more jobs. */
  makeRoom(jobs: number): void;
  /** Stops the job's code (force), or lets it run to its end; answered by "cancelled". A job that is unknown is ignored. */
  cancel(job: number, force: boolean): void;
  /** Cancels what runs; resolves when no thread or process is left but those that were reported as stuck. */
  stop(): Promise<void>;
  /** Gives back the memory of what tasks have left behind in slots. */
  collectGarbage(): void;
  /** Samples where code spends its time, in slots that are added too; answers how many "profile" events are to be expected. */
  profile(order: ProfileOrder): number;
  /** The child processes that are slots; none with threads. */
  pids(): number[];
}

/** How long a slot that was added is kept idle: a recursion needs as many again and again. */
const surplusMs = 5_000;
/** After a slot could not be added, none is tried for so long; jobs wait for those that there are. */
const growAgainMs = 1_000;

/**
 * Starts a pool; resolves when every slot is ready.
 * @throws ClusterError NOT_STARTED when a thread or process cannot be started.
 */
export async function createSlotPool(options: SlotPoolOptions): Promise<SlotPool> {
  const threads = options.kind === "threads";
  let slots = 0;
  const pool = new Pool(
    options.slots,
    options.stallMs ?? 20,
    () =>
      new Slot({
        kind: threads ? "thread" : "process",
        open: threads ? openThread : openProcess,
        maxHeapBytes: options.maxHeapBytes ?? 0,
        worker: options.worker,
        cluster: options.cluster,
        graceMs: options.graceMs ?? 1_000,
        log: (options.log ?? silentLogger).child({ slot: slots++ }),
        onEvent: options.onEvent,
      }),
  );
  try {
    await pool.start();
    return pool;
  } catch (error) {
    await pool.stop();
    throw error;
  }
}

class Pool implements SlotPool {
  readonly size: number;
  readonly #stallMs: number;
  readonly #newSlot: () => Slot;
  #slots: readonly Slot[];
  /** Slots that were too many, on their way out. */
  readonly #leaving: Set<Promise<void>> = new Set();
  #growAgainAt = 0;
  #trim: NodeJS.Timeout | undefined;
  /** Runs while brief jobs do. */
  #stallWatch: NodeJS.Timeout | undefined;
  #profiled = false;
  #stopped = false;

  constructor(size: number, stallMs: number, newSlot: () => Slot) {
    this.size = size;
    this.#stallMs = stallMs;
    this.#newSlot = newSlot;
    this.#slots = Array.from({ length: size }, newSlot);
  }

  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#slots.map((slot) => slot.start()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  get free(): number {
    return this.#slots.filter((slot) => slot.free).length;
  }

  get broken(): ClusterError | undefined {
    const errors = this.#slots.map((slot) => slot.broken);
    return errors.includes(undefined) ? undefined : errors[0];
  }

  run(job: SlotJob): void {
    const free = this.#slots.filter((slot) => slot.free);
    // Loading a bundle costs many times what most tasks cost.
    const slot = free.find((candidate) => candidate.hasLoaded(job.fn.bundle)) ?? free[0];
    if (slot !== undefined) {
      slot.run(job);
      return this.#watch(slot);
    }
    const broken = this.#slots.find((candidate) => candidate.broken !== undefined)?.broken;
    throw (
      broken ?? new ClusterError("INVARIANT_VIOLATION", `none of ${this.size} slots is free to run task "${job.key}"`)
    );
  }

  runAhead(job: SlotJob): boolean {
    let best: Slot | undefined;
    let leastAhead = Number.POSITIVE_INFINITY;
    for (const slot of this.#slots) {
      const ahead = slot.jobsAhead;
      if (ahead === undefined || ahead >= leastAhead) continue;
      best = slot;
      leastAhead = ahead;
    }
    if (best === undefined) return false;
    best.follow(job);
    this.#watch(best);
    return true;
  }

  makeRoom(jobs: number): void {
    if (this.#stopped || performance.now() < this.#growAgainAt) return;
    let coming = this.#slots.filter((slot) => slot.free || slot.isComing).length;
    for (; coming < jobs && this.#surplus < 0; coming++) this.#grow();
  }

  cancel(job: number, force: boolean): void {
    this.#slots.find((slot) => slot.has(job))?.cancelJob(job, force);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#trim);
    clearInterval(this.#stallWatch);
    await Promise.all([...this.#slots.map((slot) => slot.stop()), ...this.#leaving]);
  }

  collectGarbage(): void {
    for (const slot of this.#slots) slot.collectGarbage();
  }

  profile(order: ProfileOrder): number {
    this.#profiled = order === "start" || (this.#profiled && order === "collect");
    return this.#slots.filter((slot) => slot.profile(order)).length;
  }

  pids(): number[] {
    return this.#slots.map((slot) => slot.pid).filter((pid) => pid !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** How many slots there are more than may run a job at a time. */
  get #surplus(): number {
    return this.#slots.filter((slot) => !slot.blocked).length - this.size;
  }

  #watch(slot: Slot): void {
    if (slot.mayStall) this.#stallWatch ??= setInterval(() => this.#lookForStalls(), this.#stallMs);
  }

  #lookForStalls(): void {
    for (const slot of this.#slots) slot.lookForStall();
    if (this.#slots.some((slot) => slot.mayStall)) return;
    clearInterval(this.#stallWatch);
    this.#stallWatch = undefined;
  }

  #grow(): void {
    const slot = this.#newSlot();
    this.#slots = [...this.#slots, slot];
    if (this.#profiled) slot.profile("start");
    slot.start().catch(() => {
      // The slot has logged why. What it was to run waits for another.
      this.#growAgainAt = performance.now() + growAgainMs;
      this.#slots = this.#slots.filter((other) => other !== slot);
    });
    this.#trim ??= setTimeout(() => this.#endSurplus(), surplusMs);
  }

  #endSurplus(): void {
    for (const slot of this.#slots) {
      if (this.#surplus <= 0) break;
      if (!slot.free) continue;
      this.#slots = this.#slots.filter((other) => other !== slot);
      const left = slot.stop().finally(() => this.#leaving.delete(left));
      this.#leaving.add(left);
    }
    this.#trim = undefined;
    if (this.#slots.length > this.size) this.#trim = setTimeout(() => this.#endSurplus(), surplusMs);
  }
}
