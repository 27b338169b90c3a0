import { AsyncLocalStorage } from "node:async_hooks";
import type { ExecutorFuture, SubmitExtra, Submittable } from "../executor.ts";
import { demandOrder } from "./demand-order.ts";
import { LocalRecord } from "./local-record.ts";
import { LocalTask } from "./local-task.ts";
import { collectFutures } from "./nested-futures.ts";
import type { ExecutorSession, SessionOptions } from "./session-executor.ts";
import { resolveSubmission } from "./submission.ts";
import { TaskFuture } from "./task-future.ts";

/** One run in this thread: a queue that is worked off one task at a time. */
export class LocalSession implements ExecutorSession {
  readonly #options: SessionOptions;
  readonly #when: "at once" | "when waited for";
  readonly #tasks = new WeakMap<ExecutorFuture, LocalTask>();
  readonly #unfinished = new Set<LocalTask>();
  readonly #queued = new WeakSet<LocalTask>();
  readonly #inTask = new AsyncLocalStorage<true>();
  #tail: Promise<void> = Promise.resolve();
  readonly #ids = new WeakMap<ExecutorFuture, number>();
  #record: LocalRecord | undefined;
  #submitted = 0;
  #cancelReason: string | undefined;

  constructor(options: SessionOptions, when: "at once" | "when waited for") {
    this.#options = options;
    this.#when = when;
  }

  async open(): Promise<void> {
    const { report, context } = this.#options;
    if (report !== undefined)
      this.#record = new LocalRecord(report.add, { worker: "local", slots: 1, run: context.flowRunId ?? "" });
  }

  submit(fn: Submittable, args: readonly unknown[], extra: SubmitExtra): ExecutorFuture {
    const id = ++this.#submitted;
    const submission = resolveSubmission(fn, id - 1, extra);
    const task = new LocalTask({
      fn,
      args,
      ...submission,
      flowRun: this.#options.context.flowRunId,
      log: this.#options.log,
      onDemand: () => this.#demand(task),
    });
    const future = new TaskFuture(task);
    this.#tasks.set(future, task);
    this.#ids.set(future, id);
    this.#record?.follow({
      id,
      ...submission,
      deps: collectFutures(args).flatMap((input) => this.#ids.get(input) ?? []),
      outcome: task.outcome,
      startedMs: () => task.startedMs,
    });
    if (this.#cancelReason === undefined) this.#unfinished.add(task);
    else void task.cancel({ reason: this.#cancelReason });
    if (this.#when === "at once") this.#enqueue(task);
    return future;
  }

  async cancelAll(reason: string): Promise<void> {
    this.#cancelReason ??= reason;
    const tasks = [...this.#unfinished];
    this.#unfinished.clear();
    await Promise.all(tasks.map((task) => task.cancel({ reason })));
  }

  async stop(): Promise<void> {
    await this.cancelAll("its run has ended");
  }

  #demand(root: LocalTask): void {
    const inputsOf = (task: LocalTask): LocalTask[] =>
      collectFutures(task.args).flatMap((future) => this.#tasks.get(future) ?? []);
    const seen = new Set<LocalTask>();
    const claim = (task: LocalTask): boolean => {
      if (task.status !== "pending" || this.#queued.has(task) || seen.has(task)) return false;
      seen.add(task);
      return true;
    };
    for (const task of demandOrder(root, inputsOf, claim)) this.#enqueue(task);
  }

  #enqueue(task: LocalTask): void {
    this.#queued.add(task);
    const run = (): Promise<void> => this.#inTask.run(true, () => this.#run(task));
    // A task that waits for one it submitted itself would wait for its own end, if that one had to queue up behind it.
    if (this.#inTask.getStore() === true) void run();
    else this.#tail = this.#tail.then(run);
  }

  async #run(task: LocalTask): Promise<void> {
    await task.run();
    this.#unfinished.delete(task);
  }
}
