import type { Executor, ExecutorFuture, Submittable } from "../executor.ts";
import { listPart } from "../own-tasks.ts";
import type { Path } from "../place-values.ts";
import type { State } from "../states.ts";
import type { NodeRun } from "./node-run.ts";
import type { TaskRun, UpstreamRun } from "./task-run.ts";

/** Lists up to this length are handed whole to each child: that is cheaper than cutting them. */
const wholeLengthMax = 128;

/**
 * A stretch of a list that tasks are mapped over. Were each of n children handed the whole list, n × n elements would be
 * read; cut into √n parts, it is n × √n. A part is submitted when the first of its children is.
 */
class ListPart implements UpstreamRun {
  readonly node: NodeRun;
  readonly current: undefined;
  readonly isFinal: boolean = true;
  readonly #submit: () => ExecutorFuture<State>;
  #future: ExecutorFuture<State> | undefined;

  constructor(node: NodeRun, submit: () => ExecutorFuture<State>) {
    this.node = node;
    this.#submit = submit;
  }

  get handle(): ExecutorFuture<State> {
    this.#future ??= this.#submit();
    return this.#future;
  }

  onFinal(waiter: () => void): void {
    waiter();
  }
}

/** Where an element of a list is found. */
export interface ListElement {
  readonly run: UpstreamRun;
  readonly item: Path;
}

/** Finds the elements of the list of this length that lies in a task's result at `item`. */
export function listElements(
  executor: Executor,
  run: TaskRun,
  item: Path,
  length: number,
): (index: number) => ListElement {
  // Results that lie in this process are handed on without a copy, however long they are.
  if (length <= wholeLengthMax || executor.holdsResults === true) return (index) => ({ run, item: [...item, index] });
  const size = Math.ceil(Math.sqrt(length));
  const parts = new Map<number, ListPart>();
  const partFrom = (from: number): ListPart => {
    const submit = (): ExecutorFuture<State> =>
      executor.submit(partTask, [run.handle, item, from, from + size], { name: listPart.name });
    const part = parts.get(from) ?? new ListPart(run.node, submit);
    parts.set(from, part);
    return part;
  };
  return (index) => ({ run: partFrom(index - (index % size)), item: [index % size] });
}

/** What a submitted task is typed as is the call of a flow's body; what it does here is the plain function. */
const partTask = listPart as unknown as Submittable<State>;
