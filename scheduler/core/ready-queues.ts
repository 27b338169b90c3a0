import TinyQueue from "tinyqueue";
import type { PlacementClass } from "./placement-class.ts";
import { type Run, servesBefore } from "./run.ts";
import { runsBefore, type Task } from "./task.ts";

/** A task leaves a queue in place: its entry goes stale with the state it was made for, and is skipped at the top. */
interface Entry {
  readonly task: Task;
  readonly ticket: number;
}

function isFresh({ task, ticket }: Entry): boolean {
  return task.state.kind === "queued" && task.state.ticket === ticket;
}

type Queue = TinyQueue<Entry>;

/**
 * Queued tasks by run and by what they ask of a worker. One look at the top of each queue decides for all behind it, so
 * that choosing costs as much as there are runs and classes, and never as much as there are tasks.
 */
export class ReadyQueues {
  readonly #queues: Map<Run, Map<PlacementClass, Queue>> = new Map();

  add(task: Task, ticket: number): void {
    let ofRun = this.#queues.get(task.run);
    if (ofRun === undefined) {
      ofRun = new Map();
      this.#queues.set(task.run, ofRun);
    }
    let queue = ofRun.get(task.placement);
    if (queue === undefined) {
      queue = new TinyQueue<Entry>([], (a, b) => (runsBefore(a.task, b.task) ? -1 : 1));
      ofRun.set(task.placement, queue);
    }
    queue.push({ task, ticket });
  }

  /** Of the least served run that has an acceptable task, the best such task. What is asked is the same for a whole queue. */
  best(accepts: (task: Task) => boolean): Task | undefined {
    let best: Task | undefined;
    for (const [run, ofRun] of this.#queues) {
      for (const [placement, queue] of ofRun) {
        const task = freshTop(queue);
        if (task === undefined) ofRun.delete(placement);
        else if ((best === undefined || servesBefore(task, best)) && accepts(task)) best = task;
      }
      if (ofRun.size === 0) this.#queues.delete(run);
    }
    return best;
  }

  /** All that still wait here, in no order. */
  tasks(): Task[] {
    const queues = [...this.#queues.values()].flatMap((ofRun) => [...ofRun.values()]);
    return queues.flatMap((queue) => queue.data.filter(isFresh).map(({ task }) => task));
  }
}

/** The best entry that still stands, after throwing away the stale ones above it. */
function freshTop(queue: Queue): Task | undefined {
  for (;;) {
    const entry = queue.peek();
    if (entry === undefined) return undefined;
    if (isFresh(entry)) return entry.task;
    queue.pop();
  }
}
