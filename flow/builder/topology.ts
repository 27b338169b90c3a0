import { ClusterError } from "../../protocol/errors.ts";
import { type FlowNode, upstreamOf } from "./node.ts";

/**
 * The nodes in topological order; what does not depend on one another keeps the order in which it was written.
 * @throws ClusterError CYCLIC_GRAPH naming the cycle.
 */
export function topologicalOrder(nodes: Iterable<FlowNode>, flowName: string): readonly FlowNode[] {
  const order: FlowNode[] = [];
  const done = new Set<FlowNode>();
  const way = new Set<FlowNode>();
  for (const root of nodes) {
    // An explicit stack: a chain of ten thousand tasks would overflow the call stack.
    const stack: { node: FlowNode; rest: Iterator<FlowNode> }[] = [];
    const enter = (node: FlowNode): void => {
      if (done.has(node)) return;
      if (way.has(node)) throw cycle([...way], node, flowName);
      way.add(node);
      stack.push({ node, rest: upstreamOf(node)[Symbol.iterator]() });
    };
    enter(root);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const next = top.rest.next();
      if (!next.done) {
        enter(next.value);
        continue;
      }
      stack.pop();
      way.delete(top.node);
      done.add(top.node);
      order.push(top.node);
    }
  }
  return order;
}

function cycle(way: readonly FlowNode[], again: FlowNode, flowName: string): ClusterError {
  // Walked upstream, so it reads the right way round from its end.
  const names = way.slice(way.indexOf(again)).map((node) => node.name);
  const path = [again.name, ...names.reverse()];
  return new ClusterError(
    "CYCLIC_GRAPH",
    `flow "${flowName}" has a cycle, so none of these tasks could ever start: ${path.join(" → ")}. Remove one of these dependencies`,
    { details: { flow: flowName, cycle: path } },
  );
}
