import type { EachPlace, EachSource, FlowNode, Hole, TaskNode } from "../builder/node.ts";
import type { Executor } from "../executor.ts";
import { itemAt } from "../item-at.ts";
import type { Path } from "../place-values.ts";
import { failed, hasResult, type State, skipped } from "../states.ts";
import { type Length, lengthOf } from "../summary.ts";
import { listElements } from "./list-part.ts";
import { measureFor, type NodeRun } from "./node-run.ts";
import { parameterValue } from "./run-inputs.ts";
import type { TaskRun, UpstreamRun } from "./task-run.ts";

/** What one child takes from a list: an element of an upstream result, or a constant. */
export type ChildValue =
  | { readonly kind: "run"; readonly run: UpstreamRun; readonly item: Path }
  | { readonly kind: "constant"; readonly value: unknown; readonly holes: readonly Hole[] };

/** How a mapped task maps. */
export type MapPlan =
  /** Lengths are not known before these have ended. */
  | { readonly kind: "wait"; readonly runs: readonly TaskRun[] }
  /** It has no children, and this is why. */
  | { readonly kind: "state"; readonly state: State }
  | {
      readonly kind: "children";
      readonly children: readonly (readonly { readonly path: Path; readonly value: ChildValue }[])[];
    };

/** One list that is mapped over, once it is known how long it is. */
interface KnownList {
  readonly length: number;
  readonly element: (index: number) => ChildValue;
}

type Found = KnownList | { readonly wait: readonly TaskRun[] } | { readonly state: State };

/** Says how a mapped task maps: as many children as the shortest of its lists has elements. */
export function planMapping(node: TaskNode, runOf: (node: FlowNode) => NodeRun, executor: Executor): MapPlan {
  const skipsWithUpstream = node.task.options.skipOnUpstreamSkip ?? true;
  const find = (source: EachSource): Found => findList(source, runOf, skipsWithUpstream, executor);
  const found = node.each.map(({ path, source }) => ({ path, found: find(source) }));
  const waiting = found.flatMap(({ found: one }) => ("wait" in one ? one.wait : []));
  if (waiting.length > 0) return { kind: "wait", runs: waiting };
  const lists: { path: EachPlace["path"]; list: KnownList }[] = [];
  for (const { path, found: one } of found) {
    if ("state" in one) return { kind: "state", state: one.state };
    if ("element" in one) lists.push({ path, list: one });
  }
  const count = Math.min(...lists.map(({ list }) => list.length));
  const children = Array.from({ length: count }, (_, index) =>
    lists.map(({ path, list }) => ({ path, value: list.element(index) })),
  );
  return { kind: "children", children };
}

function findList(
  source: EachSource,
  runOf: (node: FlowNode) => NodeRun,
  skipsWithUpstream: boolean,
  executor: Executor,
): Found {
  if (source.kind === "list") {
    return {
      length: source.items.length,
      element: (index) => ({
        kind: "constant",
        value: source.items[index]?.value,
        holes: source.items[index]?.holes ?? [],
      }),
    };
  }
  const upstream = runOf(source.node);
  if (source.node.kind === "parameter") return listOfParameter(upstream, source);
  if (upstream.hasChildren)
    return source.flattened ? flattenedChildren(upstream, measureFor(source)) : childByChild(upstream);
  const [run] = upstream.runs;
  if (run === undefined || !run.isFinal) return { wait: run === undefined ? [] : [run] };
  if (run.state.type === "Skipped" && skipsWithUpstream) {
    return { state: skipped(`The upstream task "${source.node.name}" was skipped, so there is nothing to map over.`) };
  }
  if (!hasResult(run.state)) {
    const reason = `it ended as ${run.state.type} and has no elements`;
    return {
      state: failed(`Cannot map over the upstream task "${source.node.name}": ${reason}. ${run.state.message}`),
    };
  }
  const length = run.lengths[upstream.measure(measureFor(source))] ?? null;
  if (typeof length === "number") {
    const elementAt = listElements(executor, run, source.item, length);
    return { length, element: (index) => ({ kind: "run", ...elementAt(index) }) };
  }
  return listOfLength(length, source.node.name, (item) => ({ kind: "run", run, item: [...source.item, ...item] }));
}

function listOfParameter(upstream: NodeRun, source: EachSource & { kind: "reference" }): Found {
  const value = parameterValue(upstream);
  return listOfLength(lengthOf(value, measureFor(source)), source.node.name, (item) => ({
    kind: "constant",
    value: itemAt(value, [...source.item, ...item], source.node.name),
    holes: [],
  }));
}

function childByChild(upstream: NodeRun): Found {
  return {
    length: upstream.runs.length,
    element: (index) => ({ kind: "run", run: upstream.runs[index] as TaskRun, item: [] }),
  };
}

/** A child that has no list (it failed or was skipped) still has one place, where its end shows downstream. */
function flattenedChildren(upstream: NodeRun, measure: ReturnType<typeof measureFor>): Found {
  const open = upstream.runs.filter((run) => !run.isFinal);
  if (open.length > 0) return { wait: open };
  const place = upstream.measure(measure);
  const elements: ChildValue[] = [];
  for (const run of upstream.runs) {
    if (!hasResult(run.state)) {
      elements.push({ kind: "run", run, item: [] });
      continue;
    }
    const length = run.lengths[place];
    if (typeof length !== "number") return { state: unmappable(`${upstream.node.name}[${run.mapIndex}]`) };
    for (let index = 0; index < length; index++) elements.push({ kind: "run", run, item: [index] });
  }
  return { length: elements.length, element: (index) => elements[index] as ChildValue };
}

function listOfLength(length: Length, name: string, element: (item: Path) => ChildValue): Found {
  if (length === null) return { state: unmappable(name) };
  if (typeof length === "number") return { length, element: (index) => element([index]) };
  const items = length.flatMap((inner, outer) => Array.from({ length: inner }, (_, index): Path => [outer, index]));
  return { length: items.length, element: (index) => element(items[index] as Path) };
}

function unmappable(name: string): State {
  return failed(
    `Cannot map over the result of "${name}": it is not an array (or, where it is flattened, not an array of arrays).`,
  );
}
