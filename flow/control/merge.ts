import type { Reference } from "../../client/placeholder.ts";
import { added, graphBeingBuilt } from "../builder/building.ts";
import { typedReference } from "../builder/reference.ts";
import { mergeBranches } from "../own-tasks.ts";

/**
 * The result of the first of these that was not skipped, in the order of the arguments. It fails if one of them failed,
 * and is skipped if all were.
 * @throws ClusterError BAD_FLOW outside the body of a flow.
 */
export function merge<T>(...branches: readonly Reference<T>[]): Reference<T> {
  const graph = graphBeingBuilt("merge()");
  return typedReference(added(graph.addCall(mergeBranches, [branches], { takesStates: true })));
}
