import TinyQueue from "tinyqueue";
import type { PlacementClass } from "./placement-class.ts";
import { runsBefore, type Task } from "./task.ts";

/** A task in a queue. It is stale once the task left the state that `ticket` belongs to. */
export interface QueueEntry {
  readonly task: Task;
  readonly ticket: number;
}

export function isFresh(entry: QueueEntry): boolean {
  const state = entry.task.state;
  return state.kind === "queued" && state.ticket === entry.ticket;
}

/** A task leaves a queue in place: its entry goes stale, and is skipped when it comes to the top. */
export type Queue = TinyQueue<QueueEntry>;

export const newQueue = (): Queue => new TinyQueue<QueueEntry>([], (a, b) => (runsBefore(a.task, b.task) ? -1 : 1));

/** The best entry that still stands, after throwing away the stale ones above it. */
export function freshTop(queue: Queue): Task | undefined {
  for (;;) {
    const entry = queue.peek();
    if (entry === undefined) return undefined;
    if (isFresh(entry)) return entry.task;
    queue.pop();
  }
}

/** All that shares slots as one party: a flow run, or what a client submits without naming a run. */
export class Run {
  readonly name: string;
  /** Slot time that its tasks used or are expected to use: the run with the least is served next. */
  serviceMs = 0;
  /** Its queued tasks without a preference for a worker, by what they ask of one. */
  readonly queues: Map<PlacementClass, Queue> = new Map();
  tasks = 0;
  processing = 0;
  finished = 0;
  failed = 0;

  constructor(name: string) {
    this.name = name;
  }

  enqueue(task: Task, ticket: number): void {
    let queue = this.queues.get(task.placement);
    if (queue === undefined) {
      queue = newQueue();
      this.queues.set(task.placement, queue);
    }
    queue.push({ task, ticket });
  }
}
