import type { EncodedValue } from "../../protocol/messages.ts";
import type { ExecutorFuture, Submittable } from "../executor.ts";
import type { SlotCode } from "./slot-code-store.ts";
import { TaskOutcome } from "./task-outcome.ts";

/** Where a task's value comes from. */
export type PoolSource =
  | { readonly kind: "function"; readonly fn: Submittable; readonly timeoutMs: number }
  /** A future of another executor or run, which is awaited like a task. */
  | { readonly kind: "foreign"; readonly future: ExecutorFuture };

export interface PoolTaskOptions {
  readonly id: number;
  readonly key: string;
  readonly source: PoolSource;
  readonly priority: number;
  /** An array of arguments, with `ref(i)` wherever the value of `inputs[i]` belongs. */
  readonly args: EncodedValue;
  readonly inputs: readonly PoolTask[];
}

/**
 * One piece of work of a pool, and its result while anybody can ask for it: only its future and the tasks that still need it
 * refer to it, so a result that is needed no more is collected with it.
 */
export class PoolTask {
  /** The number of its job; never used twice in a pool. */
  readonly id: number;
  readonly key: string;
  readonly source: PoolSource;
  readonly priority: number;
  /** 0 without inputs, else one more than its deepest input. */
  readonly depth: number;
  readonly outcome: TaskOutcome<EncodedValue> = new TaskOutcome();
  args: EncodedValue;
  inputs: readonly PoolTask[];
  /** Somebody waits for it, or for a task that needs it. */
  demanded = false;
  /** How many things it still waits for before it can run: its inputs, and its own code. */
  missing = 0;
  /** Demanded tasks that need its result. */
  dependents: PoolTask[] = [];
  code: SlotCode | undefined;
  /** When its function was called, in Unix epoch ms. */
  startedMs: number | undefined;
  /** Its result, once it has finished. */
  value: EncodedValue | undefined;

  constructor(options: PoolTaskOptions) {
    this.id = options.id;
    this.key = options.key;
    this.source = options.source;
    this.priority = options.priority;
    this.args = options.args;
    this.inputs = options.inputs;
    this.depth = options.inputs.reduce((depth, input) => Math.max(depth, input.depth + 1), 0);
  }

  finish(value: EncodedValue): void {
    this.#letGo();
    this.value = value;
    this.outcome.finish(value);
  }

  fail(error: unknown): void {
    this.#letGo();
    this.outcome.fail(error);
  }

  /** An ended task keeps nothing alive but its own result. */
  #letGo(): void {
    this.args = [];
    this.inputs = [];
    this.dependents = [];
  }
}
