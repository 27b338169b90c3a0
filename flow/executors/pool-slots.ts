import { assertNever, InvariantViolation, WorkerLostError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { fromWireError } from "../../protocol/wire-error.ts";
import type { JobEnd, OutputLine, SlotEvent, SlotJob } from "../../worker/executor/slot-job.ts";
import { createSlotPool, type SlotPool } from "../../worker/executor/slot-pool.ts";
import type { RunContext } from "../executor.ts";
import { nowMs } from "./local-record.ts";
import type { PoolGraph } from "./pool-graph.ts";
import type { PoolTask } from "./pool-task.ts";

/** How often to look for a slot while one is being replaced. */
const retryMs = 100;

export interface PoolSlotsOptions {
  readonly kind: "threads" | "processes";
  readonly slots: number;
  readonly graph: PoolGraph;
  readonly context: RunContext;
  readonly log: Logger;
}

interface RunningJob {
  readonly task: PoolTask;
  /** Resolves once nothing of it runs any more. */
  readonly over: Promise<void>;
  readonly end: () => void;
}

/** The slots of one run: started with the first task that can run, and kept full from the graph. */
export class PoolSlots {
  readonly #options: PoolSlotsOptions;
  readonly #running = new Map<number, RunningJob>();
  #opening: Promise<void> | undefined;
  #pool: SlotPool | undefined;
  #stuckSlots = 0;
  /** Why there is no slot any more. */
  #lost: Error | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PoolSlotsOptions) {
    this.#options = options;
  }

  /** Gives every free slot a task, as far as there are any. */
  fill(): void {
    if (this.#stopped) return;
    if (this.#pool === undefined) {
      this.#opening ??= this.#open();
      return;
    }
    clearTimeout(this.#retry);
    const pool = this.#pool;
    while (pool.free > 0) {
      const task = this.#options.graph.take();
      if (task === undefined) return;
      this.#run(pool, task);
    }
    this.#lost ??= pool.broken;
    if (this.#lost !== undefined) return this.#failAll(this.#lost);
    // Nobody tells when a slot that ended by itself between two tasks has been replaced.
    const isReplacing = pool.free + this.#running.size < pool.size;
    if (isReplacing && this.#options.graph.hasReady) this.#retry = setTimeout(() => this.fill(), retryMs);
  }

  /** Resolves once nothing of the task runs any more; at once if nothing does. */
  async cancel(task: PoolTask, force: boolean): Promise<void> {
    const job = this.#running.get(task.id);
    if (job === undefined) return;
    this.#pool?.cancel(task.id, force);
    await job.over;
  }

  /** Ends what runs, and the slots. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#opening;
    await this.#pool?.stop();
  }

  async #open(): Promise<void> {
    const { kind, slots, log } = this.#options;
    try {
      this.#pool = await createSlotPool({
        kind,
        slots,
        worker: { name: "pool", address: "" },
        onEvent: (event) => this.#onEvent(event),
        log,
      });
    } catch (error) {
      return this.#failAll(error);
    }
    this.fill();
  }

  #run(pool: SlotPool, task: PoolTask): void {
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#running.set(task.id, { task, over, end });
    pool.run(this.#jobOf(task));
  }

  #jobOf(task: PoolTask): SlotJob {
    const { code, source } = task;
    if (code === undefined || source.kind !== "function") {
      throw new InvariantViolation(`${task.key} was to run before its code was there`);
    }
    return {
      id: task.id,
      key: task.key,
      attempt: 1,
      fn: code.ref,
      codePath: code.path,
      args: task.args,
      inputs: task.inputs.map((input) => input.value ?? []),
      timeoutMs: source.timeoutMs,
      flowRun: this.#options.context.flowRunId,
    };
  }

  #onEvent(event: SlotEvent): void {
    switch (event.kind) {
      case "started": {
        const started = this.#running.get(event.job);
        if (started !== undefined) started.task.startedMs = nowMs();
        return;
      }
      case "blocked":
      case "unblocked":
        // Tasks of a pool have no cluster that they could wait for.
        return;
      case "stalled":
        // None of them is handed over before there is a free slot for it.
        return;
      case "profile":
        // Nobody asked for one.
        return;
      case "log":
        return this.#onLine(event);
      case "done":
      case "failed":
      case "cancelled":
      case "stuck":
        return this.#onEnd(event);
      default:
        assertNever(event);
    }
  }

  #onEnd(event: JobEnd): void {
    const job = this.#running.get(event.job);
    if (job === undefined) return;
    this.#running.delete(event.job);
    this.#settle(job.task, event);
    job.end();
    this.fill();
  }

  #settle(task: PoolTask, event: JobEnd): void {
    const { graph } = this.#options;
    switch (event.kind) {
      case "done":
        return graph.finish(task, event.value);
      case "failed":
        return graph.fail(task, fromWireError(event.error));
      case "cancelled":
        // Its future was told when it was cancelled.
        return;
      case "stuck":
        return this.#loseSlot(task, event.reason);
      default:
        assertNever(event);
    }
  }

  /** A worker process would end itself now. This process is the user's own, so the slot is given up instead. */
  #loseSlot(task: PoolTask, reason: string): void {
    const { graph, log, slots } = this.#options;
    const error = new WorkerLostError(
      `${task.key} could not be stopped: ${reason}. Its slot is lost to this run; scheduler "processes" can stop such code.`,
    );
    log.error({ key: task.key }, error.message);
    graph.fail(task, error);
    this.#stuckSlots += 1;
    if (this.#stuckSlots === slots) this.#lost = error;
  }

  #failAll(error: unknown): void {
    for (const task of this.#options.graph.unfinished()) this.#options.graph.fail(task, error);
  }

  /** What tasks print appears where it would if they ran in this thread. */
  #onLine(event: OutputLine): void {
    switch (event.stream) {
      case "stdout":
        process.stdout.write(`${event.line}\n`);
        return;
      case "stderr":
        process.stderr.write(`${event.line}\n`);
        return;
      case "log": {
        const key = event.job === undefined ? undefined : this.#running.get(event.job)?.task.key;
        this.#options.log[event.level]({ key }, event.line);
        return;
      }
      default:
        assertNever(event.stream);
    }
  }
}
