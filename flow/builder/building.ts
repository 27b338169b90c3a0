import { setBuilder } from "../../client/task.ts";
import { ClusterError } from "../../protocol/errors.ts";
import type { FlowGraph } from "./flow-graph.ts";
import type { FlowNode, TaskNode } from "./node.ts";
import { upstreamOf } from "./node.ts";
import { NodeReference } from "./reference.ts";

/** A part of a flow's body: the calls that are made in it. */
interface Block {
  readonly nodes: TaskNode[];
}

interface Building {
  readonly graph: FlowGraph;
  readonly blocks: Block[];
}

let current: Building | undefined;

/** Runs a flow's body: calls of tasks in it become nodes of `graph`. */
export function build(graph: FlowGraph, body: () => unknown): void {
  const outer = current;
  const building: Building = { graph, blocks: [] };
  const builder = setBuilder({
    call: (task, args) => added(graph.addCall(task, args)),
    map: (task, args) => added(graph.addMappedCall(task, args)),
  });
  current = building;
  try {
    const result: unknown = body();
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
      throw new ClusterError(
        "BAD_FLOW",
        `flow "${graph.flowName}" has an async body: it only says what depends on what, and must not wait for anything. Await inside tasks`,
      );
    }
  } finally {
    current = outer;
    setBuilder(builder);
  }
}

/** @throws ClusterError BAD_FLOW outside the body of a flow. `what` is the function that was called. */
export function graphBeingBuilt(what: string): FlowGraph {
  if (current === undefined) {
    throw new ClusterError(
      "BAD_FLOW",
      `${what} was called outside the body of a flow: it makes a part of one, inside flow(name, () => …)`,
    );
  }
  return current.graph;
}

/** Runs a part of a flow's body. Gives what it returns, and the calls that were made in it. */
export function inBlock<T>(body: () => T): { readonly result: T; readonly nodes: readonly TaskNode[] } {
  const block: Block = { nodes: [] };
  current?.blocks.push(block);
  try {
    return { result: body(), nodes: block.nodes };
  } finally {
    current?.blocks.pop();
  }
}

/** Tells the blocks that are open of a new node, and gives a reference to it. */
export function added(node: TaskNode): NodeReference {
  for (const block of current?.blocks ?? []) block.nodes.push(node);
  return new NodeReference(node);
}

/** Of these nodes, those that depend on none of the others. */
export function firstOf(nodes: readonly TaskNode[]): readonly TaskNode[] {
  const inside = new Set<FlowNode>(nodes);
  return nodes.filter((node) => !upstreamOf(node).some((upstream) => inside.has(upstream)));
}

/** Of these nodes, those that none of the others depends on. */
export function lastOf(nodes: readonly TaskNode[]): readonly TaskNode[] {
  const upstream = new Set(nodes.flatMap(upstreamOf));
  return nodes.filter((node) => !upstream.has(node));
}
