import { throughEntry } from "../../client/task.ts";
import { type FlowNode, isMapped, upstreamOf } from "../builder/node.ts";
import type { Submittable } from "../executor.ts";
import type { State } from "../states.ts";
import type { Measure } from "../summary.ts";
import { flowEntry } from "../task-runner/entry.ts";
import type { TaskRun } from "./task-run.ts";

/** A node of the flow in one run of it. */
export class NodeRun {
  readonly node: FlowNode;
  /** Its place in the topological order. */
  readonly index: number;
  readonly upstream: readonly NodeRun[];
  readonly downstream: NodeRun[] = [];
  /** What tasks that are mapped over its result need to know of it. */
  readonly measures: Measure[] = [];
  /** Its results are fetched before the executor stops. */
  readonly isFetched: boolean;
  /** The children of a task that was mapped; else the one run of it. Empty until it is launched. */
  runs: readonly TaskRun[] = [];
  /** Its children were made. A mapped task whose children could not be made has one run, which says why. */
  hasChildren = false;
  isLaunched = false;
  /** Upstream nodes that are not launched. */
  waitingFor: number;
  #submittable: Submittable<State> | undefined;

  constructor(node: FlowNode, index: number, upstream: readonly NodeRun[], isFetched: boolean) {
    this.node = node;
    this.index = index;
    this.upstream = upstream;
    this.isFetched = isFetched;
    this.waitingFor = upstream.length;
  }

  get isMapped(): boolean {
    return isMapped(this.node);
  }

  /** The task as it is handed to executors. */
  get submittable(): Submittable<State> {
    if (this.node.kind !== "task") throw new TypeError(`the parameter ${this.node.name} is never submitted`);
    // Called through that entry, a task takes a request and gives a state, whatever its own types are.
    this.#submittable ??= throughEntry(this.node.task, flowEntry) as unknown as Submittable<State>;
    return this.#submittable;
  }

  /** Index of a measure among this node's; it is added if it is new. */
  measure(wanted: Measure): number {
    const key = JSON.stringify(wanted);
    const known = this.measures.findIndex((measure) => JSON.stringify(measure) === key);
    return known >= 0 ? known : this.measures.push(wanted) - 1;
  }
}

/** The nodes of one run in topological order, linked with one another. */
export function nodeRuns(
  order: readonly FlowNode[],
  isFetched: (node: FlowNode) => boolean,
): ReadonlyMap<FlowNode, NodeRun> {
  const runs = new Map<FlowNode, NodeRun>();
  for (const [index, node] of order.entries()) {
    const upstream = upstreamOf(node).map((one) => runs.get(one) as NodeRun);
    const run = new NodeRun(node, index, upstream, isFetched(node));
    runs.set(node, run);
    for (const one of upstream) one.downstream.push(run);
    for (const { source } of node.kind === "task" ? node.each : []) {
      if (source.kind === "reference") runs.get(source.node)?.measure(measureFor(source));
    }
  }
  return runs;
}

/** What is asked of a result that a task is mapped over. */
export function measureFor(source: {
  readonly item: Measure["item"];
  readonly flattened: boolean;
  readonly node: FlowNode;
}): Measure {
  // Of a mapped task, each child's result is one list of the list of lists.
  return isMapped(source.node) ? { item: [], flattened: false } : { item: source.item, flattened: source.flattened };
}
