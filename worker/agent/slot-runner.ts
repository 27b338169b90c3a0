import { assertNever } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import type { ProfileFrame } from "../../protocol/record.ts";
import { encodedBytes } from "../../protocol/value.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { Execution } from "../core/effects.ts";
import type { WorkerEvent } from "../core/events.ts";
import { isJobEnd, type OutputLine } from "../executor/slot-job.ts";
import {
  createSlotPool,
  type ProfileOrder,
  type SlotEvent,
  type SlotJob,
  type SlotPool,
  type SlotPoolOptions,
} from "../executor/slot-pool.ts";
import { type JobLabel, JobLabels } from "./job-labels.ts";

/** A slot whose thread ended while it was idle is back soon, and does not say when. */
const retryMs = 20;

export interface SlotRunnerOptions {
  readonly pool: Omit<SlotPoolOptions, "onEvent">;
  readonly onEvent: (event: WorkerEvent) => void;
  /** How many slots are for jobs that will be told once their inputs are read: brief ones share what is left. */
  readonly slotsKept: () => number;
  /** A line that user code wrote, and whose code it was as far as that can be told. */
  readonly onOutput: (line: OutputLine, label: JobLabel | undefined) => void;
  /** An answer to `profile`. */
  readonly onProfile: (frames: readonly ProfileFrame[]) => void;
  readonly log: Logger;
}

/** Carries out the core's executions in a pool of slots, and in pools of one slot where the core asks for an extra place. */
export class SlotRunner {
  readonly #options: SlotRunnerOptions;
  #pool!: SlotPool;
  /** Undefined while the pool of an extra job is being started. */
  readonly #extras: Map<number, SlotPool | undefined> = new Map();
  readonly #labels: JobLabels = new JobLabels();
  #backlog: SlotJob[] = [];
  #retry: NodeJS.Timeout | undefined;
  #stopping: Promise<void> | undefined;

  static async start(options: SlotRunnerOptions): Promise<SlotRunner> {
    const runner = new SlotRunner(options);
    runner.#pool = await createSlotPool({ ...options.pool, onEvent: (event) => runner.#told(event) });
    return runner;
  }

  private constructor(options: SlotRunnerOptions) {
    this.#options = options;
  }

  execute(execution: Execution, inputs: readonly EncodedValue[]): void {
    const { job: id, key, attempt, fn, codePath, args, timeoutMs, run, brief, extra } = execution;
    const job: SlotJob = { id, key, attempt, fn, codePath, args, inputs, timeoutMs, flowRun: run, brief };
    this.#labels.begin(id, { key, attempt, run });
    if (extra) {
      this.#extras.set(id, undefined);
      void this.#runExtra(job);
    } else {
      this.#backlog.push(job);
      this.#runBacklog();
    }
  }

  cancel(job: number, force: boolean): void {
    const waiting = this.#backlog.findIndex(({ id }) => id === job);
    if (waiting >= 0) {
      this.#backlog.splice(waiting, 1);
      this.#labels.end(job);
      this.#options.onEvent({ kind: "slot-cancelled", job });
    } else if (!this.#extras.has(job)) {
      this.#pool.cancel(job, force);
    } else {
      const pool = this.#extras.get(job);
      // Without its pool it has not begun: forgetting it keeps it from ever doing so.
      if (pool === undefined) this.#extras.delete(job);
      else pool.cancel(job, force);
    }
  }

  /** Gives back the memory of what tasks have left behind in slots. */
  collectGarbage(): void {
    this.#pool.collectGarbage();
  }

  /** Answers how many slots will tell what they sampled. What runs beside the slots is not sampled. */
  profile(order: ProfileOrder): number {
    return this.#pool.profile(order);
  }

  /** Stops what runs; resolves when nothing of it is left. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#retry);
    this.#backlog = [];
    const extras = [...this.#extras.values()].filter((pool) => pool !== undefined);
    await Promise.all([this.#pool, ...extras].map((pool) => pool.stop()));
  }

  #runBacklog(): void {
    try {
      // A brief one that finds no slot to share keeps none from its own.
      for (let at = 0; at < this.#backlog.length; )
        if (this.#takes(this.#backlog[at] as SlotJob)) this.#backlog.splice(at, 1);
        else at++;
    } catch (error) {
      return this.#broken(error);
    }
    clearTimeout(this.#retry);
    if (this.#backlog.length === 0) return;
    this.#pool.makeRoom(this.#backlog.length);
    this.#retry = setTimeout(() => this.#runBacklog(), retryMs);
  }

  #takes(job: SlotJob): boolean {
    const { free } = this.#pool;
    if (job.brief === true && free <= this.#options.slotsKept()) return this.#pool.runAhead(job);
    if (free === 0) return false;
    this.#pool.run(job);
    return true;
  }

  #broken(error: unknown): void {
    this.#options.log.error({ error }, "a slot cannot take a job");
    this.#options.onEvent({ kind: "slots-broken", reason: error instanceof Error ? error.message : String(error) });
  }

  async #runExtra(job: SlotJob): Promise<void> {
    const { pool: shape, onEvent } = this.#options;
    let ended: (() => void) | undefined;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    let pool: SlotPool | undefined;
    try {
      pool = await createSlotPool({
        ...shape,
        slots: 1,
        onEvent: (event) => {
          this.#told(event);
          if (isJobEnd(event)) ended?.();
        },
      });
      if (!this.#extras.has(job.id) || this.#stopping !== undefined) {
        onEvent({ kind: "slot-cancelled", job: job.id });
        return;
      }
      this.#extras.set(job.id, pool);
      pool.run(job);
      await end;
    } catch (error) {
      const nowMs = Date.now();
      onEvent({
        kind: "slot-failed",
        job: job.id,
        error: toWireError(error, "NOT_STARTED"),
        startMs: nowMs,
        endMs: nowMs,
      });
    } finally {
      this.#extras.delete(job.id);
      this.#labels.end(job.id);
      await pool?.stop();
    }
  }

  /** With one slot less to share, what found none to wait in goes back, too. */
  #stalled(job: number, waited: readonly number[]): void {
    const behind = [...waited, ...this.#backlog.filter(({ brief }) => brief).map(({ id }) => id)];
    this.#backlog = this.#backlog.filter(({ brief }) => !brief);
    for (const each of behind) this.#labels.end(each);
    this.#options.onEvent({ kind: "slot-stalled", job, behind });
  }

  #told(event: SlotEvent): void {
    const { onEvent, onOutput, onProfile } = this.#options;
    if (isJobEnd(event)) this.#labels.end(event.job);
    switch (event.kind) {
      case "started":
        return;
      case "blocked":
        return onEvent({ kind: "slot-lent", job: event.job });
      case "unblocked":
        return onEvent({ kind: "slot-returned", job: event.job });
      case "stalled":
        return this.#stalled(event.job, event.behind);
      case "done":
        return onEvent({ ...event, kind: "slot-done", bytes: encodedBytes(event.value) });
      case "failed":
        return onEvent({ ...event, kind: "slot-failed" });
      case "cancelled":
        return onEvent({ ...event, kind: "slot-cancelled" });
      case "stuck":
        return onEvent({ ...event, kind: "slot-stuck" });
      case "profile":
        return onProfile(event.frames);
      case "log":
        return onOutput(event, event.job === undefined ? undefined : this.#labels.of(event.job));
      default:
        assertNever(event);
    }
  }
}
