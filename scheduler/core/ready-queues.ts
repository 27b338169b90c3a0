import { mayRun, type PlacementClass } from "./placement-class.ts";
import { ReadyQueue } from "./ready-queue.ts";
import { type Run, servesBefore } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Queued tasks by run and by what they ask of a worker. One look at the top of each queue decides for all behind it, so
 * that choosing costs as much as there are runs and classes, and never as much as there are tasks.
 */
export class ReadyQueues {
  readonly #queues: ReadyQueue[] = [];
  readonly #byRun: Map<Run, Map<PlacementClass, ReadyQueue>> = new Map();
  /** Of the task that came last: the next is most likely of the same. */
  #latest: ReadyQueue | undefined;

  /** Where the task is to wait. */
  queueFor({ run, placement }: Task): ReadyQueue {
    if (this.#latest?.run !== run || this.#latest.placement !== placement) this.#latest = this.#queueOf(run, placement);
    return this.#latest;
  }

  /** Of the least served run that has a task which the worker may run, the best such task. */
  best(state: SchedulerState, worker: WorkerRecord): Task | undefined {
    let best: Task | undefined;
    for (let i = 0; i < this.#queues.length; ) {
      const queue = this.#queues[i] as ReadyQueue;
      const task = queue.top();
      if (task === undefined) this.#remove(i);
      else {
        if ((best === undefined || servesBefore(task, best)) && mayRun(state, task, worker)) best = task;
        i++;
      }
    }
    return best;
  }

  /** Whether nothing waits here any more. */
  isEmpty(): boolean {
    while (this.#queues.length > 0 && this.#queues[0]?.top() === undefined) this.#remove(0);
    return this.#queues.length === 0;
  }

  /** How many tasks wait here, as the queues count them. */
  get waiting(): number {
    return this.#queues.reduce((sum, { waiting }) => sum + waiting, 0);
  }

  /** How many entries the queues have, of tasks that wait no longer, too. */
  get entries(): number {
    return this.#queues.reduce((sum, { entries }) => sum + entries, 0);
  }

  /** Whether any queue is of tasks that not every worker may run. */
  get isRestricted(): boolean {
    return this.#queues.some(({ placement }) => !placement.unrestricted);
  }

  /** The run is off the books, and what its queues still have is stale. */
  dropRun(run: Run): void {
    for (const queue of this.#byRun.get(run)?.values() ?? []) this.#remove(this.#queues.indexOf(queue));
  }

  /** All that still wait here, which do so no longer. */
  takeAll(): Task[] {
    const tasks = this.tasks();
    this.#queues.length = 0;
    this.#byRun.clear();
    this.#latest = undefined;
    return tasks;
  }

  /** All that still wait here, in no order. */
  tasks(): Task[] {
    return this.#queues.flatMap((queue) => queue.tasks());
  }

  #queueOf(run: Run, placement: PlacementClass): ReadyQueue {
    let ofRun = this.#byRun.get(run);
    if (ofRun === undefined) {
      ofRun = new Map();
      this.#byRun.set(run, ofRun);
    }
    let queue = ofRun.get(placement);
    if (queue === undefined) {
      queue = new ReadyQueue(run, placement);
      ofRun.set(placement, queue);
      this.#queues.push(queue);
    }
    return queue;
  }

  /** The last takes its place: in which order they are looked at does not matter. */
  #remove(index: number): void {
    const { run, placement } = this.#queues[index] as ReadyQueue;
    const last = this.#queues.pop() as ReadyQueue;
    if (index < this.#queues.length) this.#queues[index] = last;
    const ofRun = this.#byRun.get(run);
    ofRun?.delete(placement);
    if (ofRun?.size === 0) this.#byRun.delete(run);
    this.#latest = undefined;
  }
}
