import type { AnyTask } from "../../client/task.ts";
import type { Path } from "../place-values.ts";

/** One call of a task in a flow. */
export interface TaskNode {
  readonly kind: "task";
  /** Unique in the flow: the task's name, with a number from the second call on. */
  readonly name: string;
  readonly task: AnyTask;
  /** The arguments, with undefined where a value from upstream belongs. */
  args: readonly unknown[];
  /** Places in `args` that take a whole upstream value. */
  readonly holes: Hole[];
  /** Places in `args` that take one element for each child. None: the task is not mapped. */
  readonly each: EachPlace[];
  /** Nodes that come first without giving it a value. */
  readonly after: Set<FlowNode>;
  /** It gets the states of its upstream tasks in place of their results. */
  readonly takesStates: boolean;
  /** It cleans up: how it ends is not what the flow's run is judged by. */
  readonly isCleanup: boolean;
}

/** A value that is known when the run starts. */
export interface ParameterNode {
  readonly kind: "parameter";
  readonly name: string;
  readonly required: boolean;
  readonly default: unknown;
}

export type FlowNode = TaskNode | ParameterNode;

/** What a reference means: a node's result, or a part of it. */
export interface Target {
  readonly node: FlowNode;
  /** Empty: all of the result. */
  readonly item: Path;
}

export interface Hole extends Target {
  readonly path: Path;
}

/** A value in which upstream values have their places. */
export interface Template {
  readonly value: unknown;
  /** Paths inside `value`. */
  readonly holes: readonly Hole[];
}

export interface EachPlace {
  readonly path: Path;
  readonly source: EachSource;
}

/** A list with an element for each child. */
export type EachSource =
  /** The upstream result is that list; flattened, a list of such lists. */
  | ({ readonly kind: "reference"; readonly flattened: boolean } & Target)
  | { readonly kind: "list"; readonly items: readonly Template[] };

export function isMapped(node: FlowNode): boolean {
  return node.kind === "task" && node.each.length > 0;
}

/** The nodes whose results a node takes or that come before it, each once, in the order of its arguments. */
export function upstreamOf(node: FlowNode): readonly FlowNode[] {
  if (node.kind === "parameter") return [];
  const nodes = new Set<FlowNode>();
  for (const hole of node.holes) nodes.add(hole.node);
  for (const { source } of node.each) {
    if (source.kind === "reference") nodes.add(source.node);
    else for (const item of source.items) for (const hole of item.holes) nodes.add(hole.node);
  }
  for (const before of node.after) nodes.add(before);
  return [...nodes];
}
