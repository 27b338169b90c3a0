import type { FnId, FutureId } from "../protocol/ids.ts";
import type { TaskRequest } from "../protocol/messages.ts";
import { encodedBytes } from "../protocol/value.ts";
import { type DraftSpec, GraphTasks } from "./graph-tasks.ts";
import type { PendingTask } from "./pending-task.ts";

/** One submission. */
export interface SubmissionPart {
  readonly run: string;
  readonly requests: readonly TaskRequest[];
  readonly tasks: readonly DraftSpec[];
  /** What earlier ones kept for this one: to be released once it was sent. */
  readonly released: readonly FutureId[];
  /** About how large it is. */
  readonly bytes: number;
}

export interface PartLimits {
  readonly tasksMax: number;
  readonly bytesMax: number;
}

/** So that the first tasks run while later ones are still being sent, and neither end is busy with one for long. */
export const partLimits: PartLimits = { tasksMax: 20_000, bytesMax: 4 * 2 ** 20 };

/** What a task's fields take beside its arguments, generously. */
const taskBytes = 16;
const depBytes = 5;
const charBytes = 3;

/** Says the number of a task's function, or undefined when the task is not to be sent. */
export type Admission = (task: PendingTask) => FnId | undefined;

/**
 * Groups tasks, which come with inputs before their dependents, into submissions: a new one where the run changes or it
 * would grow too large. Equal requests of a submission are stated once.
 */
export class SubmissionParts {
  readonly #submitted: readonly (PendingTask | GraphTasks)[];
  readonly #limits: PartLimits;
  #position = 0;

  constructor(submitted: readonly (PendingTask | GraphTasks)[], limits: PartLimits = partLimits) {
    this.#submitted = submitted;
    this.#limits = limits;
  }

  get ended(): boolean {
    return this.#peek() === undefined;
  }

  /** The next submission; it may have no tasks if none of its was admitted. */
  next(admit: Admission): SubmissionPart {
    const { tasksMax, bytesMax } = this.#limits;
    const run = this.#peek()?.run ?? "";
    const tasks: DraftSpec[] = [];
    const released: FutureId[] = [];
    const requests = new Requests();
    const graphs = new Set<GraphTasks>();
    let bytes = 0;
    for (let task = this.#peek(); task !== undefined && task.run === run; task = this.#peek()) {
      const more = bytesOf(task);
      if (bytes > 0 && (tasks.length >= tasksMax || bytes + more > bytesMax)) break;
      const graph = this.#shift(released);
      const fn = admit(task);
      if (fn === undefined) continue;
      bytes += more;
      const spec: DraftSpec = {
        future: task.future,
        fn,
        args: task.args,
        deps: task.deps,
        request: requests.indexOf(task.request),
        key: task.key,
        wanted: task.wanted,
      };
      tasks.push(spec);
      graph?.added(spec);
      if (graph !== undefined) graphs.add(graph);
    }
    for (const graph of graphs) graph.endPart();
    return { run, requests: requests.list, tasks, released, bytes };
  }

  #peek(): PendingTask | undefined {
    for (; this.#position < this.#submitted.length; this.#position++) {
      const source = this.#submitted[this.#position];
      const task = source instanceof GraphTasks ? source.next() : source;
      if (task !== undefined) return task;
    }
    return undefined;
  }

  /** Goes on to the next task; answers with the graph that the current one belongs to. */
  #shift(released: FutureId[]): GraphTasks | undefined {
    const source = this.#submitted[this.#position];
    if (!(source instanceof GraphTasks)) {
      this.#position++;
      return undefined;
    }
    source.shift(released);
    return source;
  }
}

const bytesOf = ({ args, deps, key }: PendingTask): number =>
  encodedBytes(args) + taskBytes + depBytes * deps.length + charBytes * (key?.length ?? 0);

/** The requests of one submission, each once. */
class Requests {
  readonly list: TaskRequest[] = [];
  readonly #known = new Map<TaskRequest | string, number>();
  #last: TaskRequest | undefined;
  #lastIndex = 0;

  /** By identity first: a task that is submitted many times without options brings the same request each time. */
  indexOf(request: TaskRequest): number {
    if (request === this.#last) return this.#lastIndex;
    this.#last = request;
    this.#lastIndex = this.#known.get(request) ?? this.#add(request);
    return this.#lastIndex;
  }

  #add(request: TaskRequest): number {
    const text = JSON.stringify(request);
    const index = this.#known.get(text) ?? this.list.push(request) - 1;
    this.#known.set(request, index);
    this.#known.set(text, index);
    return index;
  }
}
