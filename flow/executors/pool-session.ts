import type { EncodedValue } from "../../protocol/messages.ts";
import { decodeValue, encodeValue, Ref } from "../../protocol/value.ts";
import type { CancelOptions, ExecutorFuture, SubmitExtra, Submittable } from "../executor.ts";
import { LocalRecord } from "./local-record.ts";
import { isFuture } from "./nested-futures.ts";
import { PoolGraph } from "./pool-graph.ts";
import { PoolSlots } from "./pool-slots.ts";
import { type PoolSource, PoolTask } from "./pool-task.ts";
import type { ExecutorSession, SessionOptions } from "./session-executor.ts";
import { SlotCodeStore } from "./slot-code-store.ts";
import { resolveSubmission } from "./submission.ts";
import { TaskFuture } from "./task-future.ts";
import { cancellationOf } from "./task-outcome.ts";

export interface PoolSessionOptions extends SessionOptions {
  readonly kind: "threads" | "processes";
  readonly slots: number;
}

/**
 * One run on this machine's own slots. Submitting only notes what was asked for; work begins when somebody waits. Results
 * stay encoded and go from slot to slot as they are; only what is waited for is decoded in this thread.
 */
export class PoolSession implements ExecutorSession {
  readonly #graph = new PoolGraph();
  readonly #code = new SlotCodeStore();
  readonly #options: PoolSessionOptions;
  #record: LocalRecord | undefined;
  readonly #slots: PoolSlots;
  readonly #tasks = new WeakMap<ExecutorFuture, PoolTask>();
  #submitted = 0;
  #nextId = 1;
  #cancelReason: string | undefined;

  constructor(options: PoolSessionOptions) {
    this.#options = options;
    this.#slots = new PoolSlots({ ...options, graph: this.#graph });
  }

  async open(): Promise<void> {
    const { report, slots, context } = this.#options;
    if (report !== undefined)
      this.#record = new LocalRecord(report.add, { worker: "pool", slots, run: context.flowRunId ?? "" });
  }

  submit(fn: Submittable, args: readonly unknown[], extra: SubmitExtra): ExecutorFuture {
    const { key, name, timeoutMs, priority } = resolveSubmission(fn, this.#submitted++, extra);
    const task = this.#makeTask(key, { kind: "function", fn, timeoutMs }, args, priority);
    const deps = task.inputs.map((input) => input.id);
    this.#record?.follow({ id: task.id, key, name, deps, outcome: task.outcome, startedMs: () => task.startedMs });
    return this.#futureOf(task);
  }

  async cancelAll(reason: string): Promise<void> {
    this.#cancelReason ??= reason;
    await Promise.all(this.#graph.unfinished().map((task) => this.#cancel(task, { reason })));
  }

  async stop(): Promise<void> {
    const cancelled = this.cancelAll("its run has ended");
    // Stopping the slots ends what runs in them, so the cancellations need not be waited for first.
    try {
      await this.#slots.stop();
      await cancelled;
    } finally {
      await this.#code.close();
    }
  }

  #makeTask(key: string, source: PoolSource, args: readonly unknown[], priority: number): PoolTask {
    const id = this.#nextId++;
    const inputs: PoolTask[] = [];
    const base = { id, key, source, priority };
    let encoded: EncodedValue;
    try {
      // Encoded now, so that it is what the caller passed even if the caller changes it before the work begins.
      encoded = encodeValue(args, { label: "args", replace: this.#refsTo(inputs) });
    } catch (error) {
      const broken = new PoolTask({ ...base, args: [], inputs: [] });
      broken.fail(error);
      return broken;
    }
    const task = new PoolTask({ ...base, args: encoded, inputs });
    this.#graph.add(task);
    if (this.#cancelReason !== undefined) void this.#cancel(task, { reason: this.#cancelReason });
    return task;
  }

  #refsTo(inputs: PoolTask[]): (object: object) => Ref | undefined {
    const indexes = new Map<object, number>();
    return (object) => {
      if (!isFuture(object)) return undefined;
      let index = indexes.get(object);
      if (index === undefined) {
        index = inputs.push(this.#taskOf(object)) - 1;
        indexes.set(object, index);
      }
      return new Ref(index);
    };
  }

  #taskOf(future: ExecutorFuture): PoolTask {
    return this.#tasks.get(future) ?? this.#makeTask(future.key, { kind: "foreign", future }, [], 0);
  }

  #futureOf(task: PoolTask): ExecutorFuture {
    const value = async (): Promise<unknown> => {
      this.#demand(task);
      return decodeValue(await task.outcome.settled);
    };
    const future = new TaskFuture({
      key: task.key,
      get status() {
        return task.outcome.status;
      },
      value,
      cancel: (options) => this.#cancel(task, options),
    });
    this.#tasks.set(future, task);
    return future;
  }

  #demand(root: PoolTask): void {
    for (const task of this.#graph.demand(root)) {
      this.#prepare(task).catch((error: unknown) => this.#graph.fail(task, error));
    }
  }

  async #prepare(task: PoolTask): Promise<void> {
    const { source } = task;
    if (source.kind === "foreign") {
      this.#graph.finish(task, encodeValue(await source.future, { label: "result" }));
    } else {
      task.code = await this.#code.find(source.fn);
      this.#graph.prepared(task);
    }
    this.#slots.fill();
  }

  async #cancel(task: PoolTask, options: CancelOptions): Promise<void> {
    if (!task.outcome.pending) return;
    this.#graph.fail(task, cancellationOf(task.key, options));
    await this.#slots.cancel(task, options.force ?? true);
  }
}
