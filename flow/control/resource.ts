import type { PlacedArgs, Reference } from "../../client/placeholder.ts";
import type { Task } from "../../client/task.ts";
import { added, firstOf, graphBeingBuilt, inBlock, lastOf } from "../builder/building.ts";
import { typedReference } from "../builder/reference.ts";
import { resourceCleanup } from "../triggers.ts";

/** Uses a resource in a part of a flow. Gives what `body` returns. */
export type UseResource<Args extends readonly unknown[], Handle> = <T>(
  args: PlacedArgs<Args, "reference">,
  body: (handle: Reference<Awaited<Handle>>) => T,
) => T;

/**
 * Something that is set up before the tasks that use it and cleaned up after them, however they end:
 * `const database = resource(openDatabase, closeDatabase)`, and in a flow `database([url], (handle) => load(handle, rows))`.
 * The cleanup gets what the setup returned. How it ends does not decide how the flow's run ends.
 */
// biome-ignore lint/suspicious/noExplicitAny: what its author's setup takes, a resource takes.
export function resource<Args extends readonly any[], Handle>(
  setup: Task<Args, Handle>,
  cleanup: Task<[Awaited<Handle>], unknown>,
): UseResource<Args, Handle> {
  return (args, body) => {
    const graph = graphBeingBuilt(`the resource of task "${setup.name}"`);
    const handle = added(graph.addCall(setup, args as readonly unknown[]));
    const { result, nodes } = inBlock(() => body(typedReference(handle)));
    for (const node of firstOf(nodes)) node.after.add(handle.node);
    const closing = cleanup.with({ trigger: resourceCleanup, skipOnUpstreamSkip: false });
    const end = graph.addCall(closing, [handle], { isCleanup: true });
    for (const node of lastOf(nodes)) end.after.add(node);
    added(end);
    return result;
  };
}
