import type { FutureId } from "../protocol/ids.ts";
import { futureId } from "../protocol/ids.ts";
import type { TaskRequest, TaskSpec } from "../protocol/messages.ts";
import type { NodeSpec } from "./graph.ts";
import { nothing, type PendingTask } from "./pending-task.ts";

/** A task that is about to be sent: it may yet turn out that a later submission needs it. */
export type DraftSpec = { -readonly [Field in keyof TaskSpec]: TaskSpec[Field] };

/** What is known of a graph's nodes before any of them is sent, each by its place in the order of sending. */
export interface GraphPlan {
  /** Undefined once they were sent: whoever dropped the graph meanwhile keeps nothing of those. */
  readonly nodes: (NodeSpec | undefined)[];
  /** The node at place 0 has this number, and so on. */
  readonly firstFuture: FutureId;
  /** The inputs of all nodes, node by node. */
  readonly deps: Float64Array;
  /** Where each node's inputs begin in `deps`; one more than there are nodes. */
  readonly depStarts: Uint32Array;
  /** How many of the nodes that need each were not yet sent. */
  readonly dependents: Uint32Array;
  /** 1 for nodes whose results were asked for. */
  readonly wanted: Uint8Array;
  readonly keys: readonly (string | undefined)[];
  requestOf(node: NodeSpec): TaskRequest;
  runOf(node: NodeSpec): string;
}

/**
 * The tasks of a graph, made one by one as they are sent, inputs before dependents: a large graph takes no more memory for
 * being sent. What a later submission needs is kept by the scheduler until that was sent.
 */
export class GraphTasks {
  readonly #plan: GraphPlan;
  readonly #kept: Uint8Array;
  /** Of the submission that is being made, those which only serve others. */
  #serving: DraftSpec[] = [];
  #place = 0;
  #next: PendingTask | undefined;

  constructor(plan: GraphPlan) {
    this.#plan = plan;
    this.#kept = new Uint8Array(plan.nodes.length);
  }

  next(): PendingTask | undefined {
    this.#next ??= this.#made();
    return this.#next;
  }

  /** The next one goes into a submission. Adds to `released` what was kept for it and is needed no more. */
  shift(released: FutureId[]): void {
    const { nodes, deps, depStarts, dependents, firstFuture } = this.#plan;
    const end = depStarts[this.#place + 1] as number;
    for (let at = depStarts[this.#place] as number; at < end; at++) {
      const input = (deps[at] as number) - firstFuture;
      if (input < 0) continue;
      const left = (dependents[input] as number) - 1;
      dependents[input] = left;
      if (left === 0 && this.#kept[input] === 1) released.push(futureId(deps[at] as number));
    }
    nodes[this.#place] = undefined;
    this.#place++;
    this.#next = undefined;
  }

  added(spec: DraftSpec): void {
    if (!spec.wanted) this.#serving.push(spec);
  }

  /** The submission is complete. */
  endPart(): void {
    for (const spec of this.#serving) {
      const place = spec.future - this.#plan.firstFuture;
      if (this.#plan.dependents[place] === 0) continue;
      this.#kept[place] = 1;
      spec.wanted = true;
    }
    this.#serving = [];
  }

  #made(): PendingTask | undefined {
    const place = this.#place;
    const plan = this.#plan;
    const node = plan.nodes[place];
    if (node === undefined) return undefined;
    return {
      future: futureId(plan.firstFuture + place),
      fn: node.fn,
      args: node.args,
      deps: this.#depsAt(place),
      request: plan.requestOf(node),
      key: plan.keys[place],
      wanted: plan.wanted[place] === 1,
      run: plan.runOf(node),
      refusal: undefined,
      holds: node.deps,
    };
  }

  #depsAt(place: number): readonly FutureId[] {
    const { deps, depStarts } = this.#plan;
    const end = depStarts[place + 1] as number;
    let at = depStarts[place] as number;
    if (at === end) return nothing;
    const list: FutureId[] = [];
    for (; at < end; at++) list.push(futureId(deps[at] as number));
    return list;
  }
}
