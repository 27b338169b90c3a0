import { AsyncLocalStorage } from "node:async_hooks";
import { CancelledError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ExecutorFuture, SubmitExtra, Submittable } from "../executor.ts";
import { LocalTask } from "./local-task.ts";
import type { RunSession } from "./run-sessions.ts";
import { TaskFuture } from "./task-future.ts";
import { taskKey } from "./task-key.ts";

/** A task as the queue sees it, whatever the type of its result. */
type QueuedTask = Pick<LocalTask, "run" | "cancel">;

/** One run of a LocalExecutor: a queue that is worked off one task at a time. */
export class LocalSession implements RunSession {
  readonly #log: Logger;
  readonly #flowRun: string | undefined;
  readonly #unfinished = new Set<QueuedTask>();
  readonly #inTask = new AsyncLocalStorage<true>();
  #tail: Promise<void> = Promise.resolve();
  #submitted = 0;
  #cancelReason: string | undefined;

  constructor(log: Logger, flowRun: string | undefined) {
    this.#log = log;
    this.#flowRun = flowRun;
  }

  submit<T>(fn: Submittable<T>, args: readonly unknown[], extra: SubmitExtra): ExecutorFuture<T> {
    const task = new LocalTask<T>({
      fn,
      args,
      key: taskKey(fn, this.#submitted++, extra),
      timeoutMs: extra.timeoutMs ?? 0,
      flowRun: this.#flowRun,
      log: this.#log,
    });
    if (this.#cancelReason === undefined) {
      this.#unfinished.add(task);
      const run = (): Promise<void> => this.#inTask.run(true, () => this.#run(task));
      // A task that waits for one it submitted itself would wait for its own end, if that one had to queue up behind it.
      if (this.#inTask.getStore() === true) void run();
      else this.#tail = this.#tail.then(run);
    } else {
      task.end(new CancelledError(`${task.key} was not started: its run was cancelled (${this.#cancelReason}).`));
    }
    return new TaskFuture(task);
  }

  cancelAll(reason: string): void {
    this.#cancelReason ??= reason;
    for (const task of this.#unfinished) void task.cancel({ reason });
  }

  async stop(): Promise<void> {
    this.cancelAll("its run has ended");
  }

  async #run(task: QueuedTask): Promise<void> {
    await task.run();
    this.#unfinished.delete(task);
  }
}
