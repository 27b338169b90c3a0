import TinyQueue from "tinyqueue";
import type { PlacementClass } from "./placement-class.ts";
import type { Run } from "./run.ts";
import { runsBefore, type Task, type TaskState } from "./task.ts";

/** So many entries may be stale before anybody clears them away. */
const staleMin = 1_024;

/**
 * Queued tasks of one run that ask the same of a worker, the first to run at the top. Most come in the order in which they
 * are to run, and wait in a list that only grows at its end; the others, such as those whose inputs have just come, wait in
 * a heap, which is small. A task leaves in place: its entry goes stale with its state, and is skipped at the top, or cleared
 * away with others when they are many.
 */
export class ReadyQueue {
  readonly run: Run;
  readonly placement: PlacementClass;
  /** The state of every task that waits here. */
  readonly state: TaskState;
  #inOrder: (Task | undefined)[] = [];
  #first = 0;
  #others: TinyQueue<Task> = heapOf([]);
  #waiting = 0;

  constructor(run: Run, placement: PlacementClass) {
    this.run = run;
    this.placement = placement;
    this.state = { kind: "queued", queue: this };
  }

  /** A task has begun to wait here, or does so no longer; `enter` tells. */
  count(change: 1 | -1): void {
    this.#waiting += change;
    if (change < 0 && this.entries > 2 * this.#waiting + staleMin) this.#clearStale();
  }

  /** How many tasks wait here. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many entries there are, stale ones among them. */
  get entries(): number {
    return this.#inOrder.length - this.#first + this.#others.length;
  }

  add(task: Task): void {
    const last = this.#inOrder[this.#inOrder.length - 1];
    if (last === undefined || runsBefore(last, task)) this.#inOrder.push(task);
    else this.#others.push(task);
  }

  /** The best of those that still wait, after throwing away the stale entries before it. */
  top(): Task | undefined {
    const next = this.#nextInOrder();
    const other = this.#nextOther();
    if (next === undefined || other === undefined) return next ?? other;
    return runsBefore(next, other) ? next : other;
  }

  /** All that still wait here, in no order. One that came back may have several entries. */
  tasks(): Task[] {
    const waiting = new Set<Task>();
    for (const task of [...this.#inOrder, ...this.#others.data])
      if (task !== undefined && task.state === this.state) waiting.add(task);
    return [...waiting];
  }

  #nextInOrder(): Task | undefined {
    for (; this.#first < this.#inOrder.length; this.#first++) {
      if (this.#inOrder[this.#first]?.state === this.state) break;
      // What is kept here is not freed.
      this.#inOrder[this.#first] = undefined;
    }
    if (this.#first === this.#inOrder.length || (this.#first >= staleMin && 2 * this.#first >= this.#inOrder.length)) {
      if (this.#first === 0) return undefined;
      this.#inOrder = this.#inOrder.slice(this.#first);
      this.#first = 0;
    }
    return this.#inOrder[this.#first];
  }

  #nextOther(): Task | undefined {
    for (let task = this.#others.peek(); task !== undefined; task = this.#others.peek()) {
      if (task.state === this.state) return task;
      this.#others.pop();
    }
    return undefined;
  }

  #clearStale(): void {
    this.#inOrder = this.#inOrder.filter((task) => task?.state === this.state);
    this.#first = 0;
    this.#others = heapOf(this.#others.data.filter((task) => task.state === this.state));
  }
}

const heapOf = (tasks: Task[]): TinyQueue<Task> => new TinyQueue(tasks, (a, b) => (runsBefore(a, b) ? -1 : 1));
