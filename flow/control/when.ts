import type { Reference } from "../../client/placeholder.ts";
import { added, firstOf, graphBeingBuilt, inBlock } from "../builder/building.ts";
import { compareValue } from "../own-tasks.ts";

/**
 * Runs the tasks that are called in `body` only if `condition` is true (or, with three arguments, equals `expected`);
 * otherwise they are skipped. Gives what `body` returns, for `merge`.
 * @throws ClusterError BAD_FLOW outside the body of a flow.
 */
export function when<T>(condition: Reference<boolean> | boolean, body: () => T): T;
export function when<V, T>(condition: Reference<V> | V, expected: V, body: () => T): T;
export function when<T>(condition: unknown, ...rest: [() => T] | [unknown, () => T]): T {
  const [expected, body] = rest.length === 1 ? [true, rest[0]] : rest;
  const graph = graphBeingBuilt("when()");
  const gate = added(graph.addCall(compareValue, [condition, expected]));
  const { result, nodes } = inBlock(body);
  // What follows inside the block is skipped with these.
  for (const node of firstOf(nodes)) node.after.add(gate.node);
  return result;
}
