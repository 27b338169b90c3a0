import type { Reference } from "../../client/placeholder.ts";
import { graphBeingBuilt } from "./building.ts";
import { NodeReference, typedReference } from "./reference.ts";

/**
 * A value that each run of the flow is given by `flow.run({ parameters })`. Without a default the run must give it.
 * @throws ClusterError BAD_FLOW outside the body of a flow.
 */
export function parameter<T = unknown>(name: string, ...[value]: [defaultValue?: T]): Reference<T>;
export function parameter(name: string, ...rest: [value?: unknown]): Reference<unknown> {
  const graph = graphBeingBuilt(`parameter("${name}")`);
  return typedReference(new NodeReference(graph.addParameter(name, rest.length === 0, rest[0])));
}
