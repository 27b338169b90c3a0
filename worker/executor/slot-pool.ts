import { ClusterError } from "../../protocol/errors.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import { openProcess } from "./process-host.ts";
import { Slot } from "./slot.ts";
import type { SlotEvent, SlotJob } from "./slot-job.ts";
import type { SlotWorker } from "./slot-messages.ts";
import { openThread } from "./thread-host.ts";

export type { JobEnd, LogStream, SlotEvent, SlotJob } from "./slot-job.ts";

export interface SlotPoolOptions {
  /** Threads share this process; processes survive anything that user code does to its own. */
  readonly kind: "threads" | "processes";
  readonly slots: number;
  /** What tasks see in their context. */
  readonly worker: SlotWorker;
  readonly onEvent: (event: SlotEvent) => void;
  /** How long a task may take to obey its signal, and its thread or process to end, before the next rung. Default 1,000. */
  readonly graceMs?: number | undefined;
  /**
   * The old-generation heap of each slot. Default 0: V8's own limit. A process that overflows it ends alone, always; of a
   * thread that holds only as long as no single allocation (a growing Map or array) is what overflows: then V8 aborts the
   * process that the thread lives in.
   */
  readonly maxHeapBytes?: number | undefined;
  readonly log?: Logger | undefined;
}

/** A fixed number of slots that run user code, each one job at a time. */
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
  /** Stops the job's code (force), or lets it run to its end; answered by "cancelled". A job that is unknown is ignored. */
  cancel(job: number, force: boolean): void;
  /** Cancels what runs; resolves when no thread or process is left but those that were reported as stuck. */
  stop(): Promise<void>;
  /** The child processes that are slots; none with threads. */
  pids(): number[];
}

/**
 * Starts a pool; resolves when every slot is ready.
 * @throws ClusterError NOT_STARTED when a thread or process cannot be started.
 */
export async function createSlotPool(options: SlotPoolOptions): Promise<SlotPool> {
  const threads = options.kind === "threads";
  const slots = Array.from(
    { length: options.slots },
    (_, index) =>
      new Slot({
        kind: threads ? "thread" : "process",
        open: threads ? openThread : openProcess,
        maxHeapBytes: options.maxHeapBytes ?? 0,
        worker: options.worker,
        graceMs: options.graceMs ?? 1_000,
        log: (options.log ?? silentLogger).child({ slot: index }),
        onEvent: options.onEvent,
      }),
  );
  const pool = new Pool(slots);
  const starts = await Promise.allSettled(slots.map((slot) => slot.start()));
  const failed = starts.find((start) => start.status === "rejected");
  if (failed === undefined) return pool;
  await pool.stop();
  throw failed.reason;
}

class Pool implements SlotPool {
  readonly #slots: readonly Slot[];

  constructor(slots: readonly Slot[]) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#slots.length;
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
    if (slot !== undefined) return slot.run(job);
    const broken = this.#slots.find((candidate) => candidate.broken !== undefined)?.broken;
    throw (
      broken ?? new ClusterError("INVARIANT_VIOLATION", `none of ${this.size} slots is free to run task "${job.key}"`)
    );
  }

  cancel(job: number, force: boolean): void {
    this.#slots.find((slot) => slot.job === job)?.cancel(force);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  pids(): number[] {
    return this.#slots.map((slot) => slot.pid).filter((pid) => pid !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
