import TinyQueue from "tinyqueue";
import type { PlacementClass } from "./placement-class.ts";
import type { Run } from "./run.ts";
import { type QueuedState, runsBefore, type Task } from "./task.ts";

/** So much is gone from the front of the list before it is moved up. */
const goneMin = 1_024;

/** A task leaves a queue in place: its entry goes stale with the state that it is, and is skipped at the top. */
const isFresh = (entry: QueuedState): boolean => entry.task.state === entry;

/**
 * Queued tasks of one run that ask the same of a worker, the first to run at the top. Most come in the order in which they
 * are to run, and wait in a list that only grows at its end; the others, such as those whose inputs have just come, wait in
 * a heap, which is small.
 */
export class ReadyQueue {
  readonly run: Run;
  readonly placement: PlacementClass;
  #inOrder: (QueuedState | undefined)[] = [];
  #first = 0;
  readonly #others: TinyQueue<QueuedState> = new TinyQueue<QueuedState>([], (a, b) =>
    runsBefore(a.task, b.task) ? -1 : 1,
  );

  constructor(run: Run, placement: PlacementClass) {
    this.run = run;
    this.placement = placement;
  }

  add(entry: QueuedState): void {
    const last = this.#inOrder[this.#inOrder.length - 1];
    if (last === undefined || runsBefore(last.task, entry.task)) this.#inOrder.push(entry);
    else this.#others.push(entry);
  }

  /** The best of those that still wait, after throwing away the stale entries before it. */
  top(): Task | undefined {
    const next = this.#nextInOrder();
    const other = this.#nextOther();
    if (next === undefined || other === undefined) return (next ?? other)?.task;
    return runsBefore(next.task, other.task) ? next.task : other.task;
  }

  /** All that still wait here, in no order. */
  tasks(): Task[] {
    const entries = [...this.#inOrder.slice(this.#first), ...this.#others.data];
    return entries.flatMap((entry) => (entry !== undefined && isFresh(entry) ? [entry.task] : []));
  }

  #nextInOrder(): QueuedState | undefined {
    for (; this.#first < this.#inOrder.length; this.#first++) {
      const entry = this.#inOrder[this.#first];
      if (entry !== undefined && isFresh(entry)) break;
      // What is kept here is not freed.
      this.#inOrder[this.#first] = undefined;
    }
    if (this.#first === this.#inOrder.length || (this.#first >= goneMin && 2 * this.#first >= this.#inOrder.length)) {
      this.#inOrder = this.#inOrder.slice(this.#first);
      this.#first = 0;
    }
    return this.#inOrder[this.#first];
  }

  #nextOther(): QueuedState | undefined {
    for (let entry = this.#others.peek(); entry !== undefined; entry = this.#others.peek()) {
      if (isFresh(entry)) return entry;
      this.#others.pop();
    }
    return undefined;
  }
}
