import { Graph, type GraphNode } from "../../client/graph.ts";
import { type Shape, secondsSince, settle, tasksPerSecond } from "./shape.ts";
import { sum } from "./tasks.ts";

/** A graph that comes down to one number. */
export interface GraphPlan {
  /** Fills an empty graph. */
  build(graph: Graph, size: number): GraphNode<number>;
  tasks(size: number): number;
  /** The result, found without the functions that the graph is made of. */
  expected(size: number): number;
}

type GraphShapeOptions = Pick<Shape, "name" | "family" | "summary" | "size" | "quickSize">;

/** Measured from the empty graph to the value on the client: building it encodes its arguments, and is work like any other. */
export function graphShape(plan: GraphPlan, options: GraphShapeOptions): Shape {
  return {
    figures: [tasksPerSecond],
    repetitions: 5,
    on: "any workers",
    ...options,
    async measure(bed, size) {
      const startMs = performance.now();
      const future = bed.client.compute(plan.build(new Graph(), size));
      await settle(bed, options.name, future, plan.expected(size));
      return { [tasksPerSecond.name]: plan.tasks(size) / secondsSince(startMs) };
    },
  };
}

/** Nodes of a reduction of `leaves` nodes, `fanIn` at a time, the leaves left out. */
export function reductionNodes(leaves: number, fanIn: number): number {
  let nodes = 0;
  for (let level = leaves; level > 1; ) {
    level = Math.ceil(level / fanIn);
    nodes += level;
  }
  return nodes;
}

/** Reduces nodes to one, `fanIn` at a time. */
export function reduce<T>(
  nodes: readonly GraphNode<T>[],
  fanIn: number,
  combine: (group: readonly GraphNode<T>[]) => GraphNode<T>,
): GraphNode<T> {
  let level = nodes;
  while (level.length > 1) {
    const above: GraphNode<T>[] = [];
    for (let from = 0; from < level.length; from += fanIn) above.push(combine(level.slice(from, from + fanIn)));
    level = above;
  }
  const [root] = level;
  if (root === undefined) throw new RangeError("there is nothing to reduce");
  return root;
}

export const sumTree = (graph: Graph, nodes: readonly GraphNode<number>[], fanIn: number): GraphNode<number> =>
  reduce(nodes, fanIn, (group) => graph.add(sum, [group]));

export function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
