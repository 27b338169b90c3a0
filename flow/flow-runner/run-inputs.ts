import type { Hole, TaskNode } from "../builder/node.ts";
import { itemAt } from "../item-at.ts";
import { type Path, type PlacedValue, placeValues } from "../place-values.ts";
import { hasResult } from "../states.ts";
import type { Binding, Upstream } from "../task-run-request.ts";
import type { ChildValue } from "./mapping.ts";
import type { NodeRun } from "./node-run.ts";
import type { RunInputs, UpstreamRun } from "./task-run.ts";

/** Collects what one task run gets: constants and parameters at once, everything else from the task runs upstream. */
class InputsBuilder {
  readonly #as: Binding["as"];
  readonly #values: PlacedValue[] = [];
  readonly #bindings: Binding[] = [];
  readonly #upstreams: Upstream<UpstreamRun>[] = [];
  readonly #places = new Map<NodeRun | UpstreamRun, number>();

  constructor(as: Binding["as"]) {
    this.#as = as;
  }

  value(path: Path, value: unknown): void {
    this.#values.push({ path, value });
  }

  /** A whole node, or a part of its result. One child of a mapped task is waited for without its siblings. */
  node(path: Path, source: NodeRun, item: Path): void {
    const [first, ...rest] = item;
    const child = source.hasChildren && typeof first === "number" ? source.runs[first] : undefined;
    if (source.node.kind === "parameter") this.value(path, itemAt(parameterValue(source), item, source.node.name));
    else if (child !== undefined) this.run(path, child, rest);
    else this.#bind(path, item, this.upstream(source));
  }

  /** One task run (the nth child of a mapped task, or the one run of another), or a part of its list. */
  run(path: Path, source: UpstreamRun, item: Path): void {
    this.#bind(path, item, this.#place(source, { name: source.node.node.name, mapped: false, states: [source] }));
  }

  /** Makes sure that a node counts as upstream; parameters never do, since they cannot fail. */
  upstream(source: NodeRun): number {
    const { hasChildren, runs } = source;
    return this.#place(source, { name: source.node.name, mapped: hasChildren, states: runs });
  }

  build(args: readonly unknown[]): RunInputs {
    return { args: placeValues(args, this.#values), bindings: this.#bindings, upstreams: this.#upstreams };
  }

  #bind(path: Path, item: Path, upstream: number): void {
    this.#bindings.push({ path, item, upstream, as: this.#as });
  }

  #place(key: NodeRun | UpstreamRun, upstream: Upstream<UpstreamRun>): number {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.#upstreams.push(upstream) - 1;
    this.#places.set(key, place);
    return place;
  }
}

/** The inputs of a task run; `each` gives the elements that a child takes from the lists it is mapped over. */
export function runInputs(
  node: TaskNode,
  runOf: (node: Hole["node"]) => NodeRun,
  each: readonly { readonly path: Path; readonly value: ChildValue }[] = [],
): RunInputs {
  const inputs = new InputsBuilder(node.takesStates ? "state" : "value");
  for (const hole of node.holes) inputs.node(hole.path, runOf(hole.node), hole.item);
  for (const { path, value } of each) {
    if (value.kind === "run") {
      inputs.run(path, value.run, value.item);
    } else {
      inputs.value(path, value.value);
      for (const hole of value.holes) inputs.node([...path, ...hole.path], runOf(hole.node), hole.item);
    }
  }
  for (const before of node.after) if (before.kind === "task") inputs.upstream(runOf(before));
  return inputs.build(node.args);
}

/** What a parameter was set to for this run. */
export function parameterValue(run: NodeRun): unknown {
  const state = run.runs[0]?.state;
  return state !== undefined && hasResult(state) ? state.result : undefined;
}
