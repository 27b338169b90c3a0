import type { EncodedValue } from "../../protocol/messages.ts";
import { demandOrder } from "./demand-order.ts";
import type { PoolTask } from "./pool-task.ts";
import { ReadyQueue } from "./ready-queue.ts";

/** Which tasks of a run have been asked for, which of them wait for what, and which could run now. */
export class PoolGraph {
  readonly #ready = new ReadyQueue<PoolTask>();
  readonly #unfinished = new Set<PoolTask>();

  add(task: PoolTask): void {
    this.#unfinished.add(task);
  }

  /** Whether there is work that waits for nothing but a slot. */
  get hasReady(): boolean {
    return !this.#ready.isEmpty;
  }

  unfinished(): readonly PoolTask[] {
    return [...this.#unfinished];
  }

  /** Asks for a task with all it needs. Gives those not asked for before, inputs first: each is to be `prepared`. */
  demand(root: PoolTask): readonly PoolTask[] {
    const order = demandOrder(root, (task) => task.inputs, claim);
    for (const task of order) this.#countMissing(task);
    return order.filter((task) => task.outcome.pending);
  }

  /** The task has everything but, maybe, its inputs. */
  prepared(task: PoolTask): void {
    if (task.outcome.pending) this.#arrived(task);
  }

  /** The task that is to run next, if one can run now. */
  take(): PoolTask | undefined {
    for (let task = this.#ready.take(); task !== undefined; task = this.#ready.take()) {
      // One that was cancelled while it was ready is passed over.
      if (task.outcome.pending) return task;
    }
    return undefined;
  }

  finish(task: PoolTask, value: EncodedValue): void {
    if (!task.outcome.pending) return;
    const { dependents } = task;
    this.#unfinished.delete(task);
    task.finish(value);
    for (const dependent of dependents) if (dependent.outcome.pending) this.#arrived(dependent);
  }

  /** Ends a task with an error, and with it all that need its result. */
  fail(task: PoolTask, error: unknown): void {
    const failing = [task];
    for (let next = failing.pop(); next !== undefined; next = failing.pop()) {
      if (!next.outcome.pending) continue;
      for (const dependent of next.dependents) failing.push(dependent);
      this.#unfinished.delete(next);
      next.fail(error);
    }
  }

  #countMissing(task: PoolTask): void {
    const broken = task.inputs.find((input) => !input.outcome.pending && input.value === undefined);
    if (broken !== undefined) {
      this.fail(task, broken.outcome.error);
      return;
    }
    const pending = task.inputs.filter((input) => input.outcome.pending);
    for (const input of pending) input.dependents.push(task);
    task.missing = pending.length + 1;
  }

  #arrived(task: PoolTask): void {
    task.missing -= 1;
    if (task.missing === 0) this.#ready.add(task);
  }
}

function claim(task: PoolTask): boolean {
  if (task.demanded || !task.outcome.pending) return false;
  task.demanded = true;
  return true;
}
