import { isTask } from "../../client/task.ts";
import { ClusterError } from "../../protocol/errors.ts";
import type { Path } from "../place-values.ts";
import { FlattenedArgument, WholeArgument } from "./map-arguments.ts";
import type { Hole, Template } from "./node.ts";
import { NodeReference } from "./reference.ts";

/** Makes a reference of what stands for a task where a flow is built task by task; undefined: it is a constant. */
export type Refer = (value: unknown) => NodeReference | undefined;

/** In a flow that is built by calls, only references stand for tasks. */
export const referencesOnly: Refer = (value) => (value instanceof NodeReference ? value : undefined);

/**
 * Takes the references out of an argument. They are found in arrays and plain objects; a value without any is kept as it
 * is. `where` names the task in errors.
 * @throws ClusterError BAD_FLOW
 */
export function templateOf(value: unknown, where: string, refer: Refer): Template {
  const holes: Hole[] = [];
  const open = new Set<object>();
  const visit = (part: unknown, path: Path): unknown => {
    const reference = refer(part);
    if (reference !== undefined) {
      holes.push({ path, node: reference.node, item: reference.item });
      return undefined;
    }
    if (isTask(part)) {
      throw new ClusterError(
        "BAD_FLOW",
        `${where} was given the task "${part.name}" itself as an argument: call it, and pass what the call gives`,
      );
    }
    if (part instanceof WholeArgument || part instanceof FlattenedArgument) {
      throw new ClusterError(
        "BAD_FLOW",
        `${where}: unmapped() and flatten() stand directly among the arguments of map()`,
      );
    }
    if (!isContainer(part) || open.has(part)) return part;
    // A part that contains itself is sent as it is; references are not looked for in it twice.
    open.add(part);
    const before = holes.length;
    const entries = Object.entries(part).map(([key, inner]) => {
      const step = Array.isArray(part) ? Number(key) : key;
      return [key, visit(inner, [...path, step])] as const;
    });
    open.delete(part);
    if (holes.length === before) return part;
    return Array.isArray(part) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
  };
  return { value: visit(value, []), holes };
}

function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
