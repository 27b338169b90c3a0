import { type AnyTask, definitionOf, isTask } from "../../client/task.ts";
import { ClusterError } from "../../protocol/errors.ts";
import { allSuccessful, triggerSpec } from "../triggers.ts";
import { FlattenedArgument, WholeArgument } from "./map-arguments.ts";
import {
  type EachSource,
  type FlowNode,
  isMapped,
  type ParameterNode,
  type TaskNode,
  type Template,
  upstreamOf,
} from "./node.ts";
import { NodeReference } from "./reference.ts";
import { type Refer, referencesOnly, templateOf } from "./template.ts";
import { topologicalOrder } from "./topology.ts";

/** What a call of a task may be besides its arguments. */
export interface NodeTraits {
  readonly takesStates?: boolean | undefined;
  readonly isCleanup?: boolean | undefined;
}

/** The tasks of a flow and what depends on what. */
export class FlowGraph {
  readonly flowName: string;
  readonly #nodes = new Map<string, FlowNode>();
  readonly #calls = new Map<string, number>();

  constructor(flowName: string) {
    this.flowName = flowName;
  }

  get nodes(): readonly FlowNode[] {
    return [...this.#nodes.values()];
  }

  /** @throws ClusterError BAD_FLOW, UNSENDABLE_VALUE */
  addTask(task: AnyTask, traits: NodeTraits = {}): TaskNode {
    this.#checkFunctionOptions(task);
    const node: TaskNode = {
      kind: "task",
      name: this.#freeName(task.name),
      task,
      args: [],
      holes: [],
      each: [],
      after: new Set(),
      takesStates: traits.takesStates ?? false,
      isCleanup: traits.isCleanup ?? false,
    };
    this.#nodes.set(node.name, node);
    return node;
  }

  addCall(task: AnyTask, args: readonly unknown[], traits?: NodeTraits): TaskNode {
    const node = this.addTask(task, traits);
    const template = templateOf(args, this.#where(node), referencesOnly);
    node.args = template.value as unknown[];
    node.holes.push(...this.#known(template));
    return node;
  }

  addMappedCall(task: AnyTask, args: readonly unknown[]): TaskNode {
    const node = this.addTask(task);
    node.args = args.map(() => undefined);
    for (const [index, arg] of args.entries()) this.setMappedArgument(node, [index], arg, referencesOnly);
    if (node.each.length === 0) {
      throw new ClusterError(
        "BAD_FLOW",
        `${this.#where(node)} is mapped over nothing: at least one argument of map() is a list, or a reference to one`,
      );
    }
    return node;
  }

  /** Puts an argument in its place; parts of it may come from upstream. */
  setArgument(node: TaskNode, path: readonly (string | number)[], arg: unknown, refer: Refer): void {
    const template = templateOf(arg, this.#where(node), refer);
    this.#setConstant(node, path, template.value);
    node.holes.push(...this.#known(template).map((hole) => ({ ...hole, path: [...path, ...hole.path] })));
  }

  setMappedArgument(node: TaskNode, path: readonly (string | number)[], arg: unknown, refer: Refer): void {
    if (arg instanceof WholeArgument) {
      this.setArgument(node, path, arg.value, refer);
      return;
    }
    this.#setConstant(node, path, undefined);
    node.each.push({ path, source: this.#eachSource(node, arg, refer) });
  }

  /** The same name and default mean the same parameter. */
  addParameter(name: string, required: boolean, value: unknown): ParameterNode {
    const known = this.#nodes.get(name);
    if (known === undefined) {
      const node: ParameterNode = { kind: "parameter", name, required, default: value };
      this.#nodes.set(name, node);
      return node;
    }
    if (known.kind === "parameter" && known.required === required && Object.is(known.default, value)) return known;
    throw new ClusterError(
      "BAD_FLOW",
      `flow "${this.flowName}" has a ${known.kind} named "${name}" already, with another meaning than the parameter "${name}"`,
    );
  }

  /**
   * The node that is meant by a reference, a task or a name.
   * @throws ClusterError BAD_FLOW when there is none, or more than one.
   */
  find(wanted: unknown): FlowNode {
    if (wanted instanceof NodeReference && this.#nodes.get(wanted.node.name) === wanted.node) return wanted.node;
    const found = typeof wanted === "string" ? this.#nodes.get(wanted) : this.#findCall(wanted);
    if (found !== undefined) return found;
    const said = typeof wanted === "string" ? `"${wanted}"` : isTask(wanted) ? `"${wanted.name}"` : "of this reference";
    throw new ClusterError(
      "BAD_FLOW",
      `flow "${this.flowName}" has no task ${said}; its tasks are ${[...this.#nodes.keys()].join(", ")}`,
    );
  }

  /** The first node of a task that is called once. */
  #findCall(wanted: unknown): FlowNode | undefined {
    if (!isTask(wanted)) return undefined;
    const definition = definitionOf(wanted);
    const calls = this.nodes.filter((node) => node.kind === "task" && definitionOf(node.task) === definition);
    const exact = calls.filter((node) => node.kind === "task" && node.task === wanted);
    const fitting = exact.length > 0 ? exact : calls;
    if (fitting.length > 1) {
      const names = fitting.map((node) => `"${node.name}"`).join(", ");
      throw new ClusterError(
        "BAD_FLOW",
        `flow "${this.flowName}" calls task "${wanted.name}" ${fitting.length} times: say which call by its name, one of ${names}`,
      );
    }
    return fitting[0];
  }

  /** @throws ClusterError CYCLIC_GRAPH */
  order(): readonly FlowNode[] {
    return topologicalOrder(this.#nodes.values(), this.flowName);
  }

  /** The tasks that no other task depends on, cleanups aside. */
  terminalTasks(): readonly TaskNode[] {
    const tasks = this.nodes.filter((node) => node.kind === "task");
    const upstream = new Set(tasks.filter((node) => !node.isCleanup).flatMap(upstreamOf));
    return tasks.filter((node) => !node.isCleanup && !upstream.has(node));
  }

  #eachSource(node: TaskNode, arg: unknown, refer: Refer): EachSource {
    const flattened = arg instanceof FlattenedArgument;
    const list = flattened ? arg.value : arg;
    const reference = refer(list);
    if (reference !== undefined) {
      if (isMapped(reference.node) && reference.item.length > 0) {
        throw new ClusterError(
          "BAD_FLOW",
          `${this.#where(node)} is mapped over a part of the mapped task "${reference.node.name}": map over all of it`,
        );
      }
      this.#checkKnown(reference.node);
      return { kind: "reference", flattened, node: reference.node, item: reference.item };
    }
    if (!Array.isArray(list)) {
      throw new ClusterError(
        "BAD_FLOW",
        `${this.#where(node)} cannot be mapped over ${typeof list}: an argument of map() is an array, a reference, or unmapped(value)`,
      );
    }
    const items: readonly unknown[] = flattened ? list.flat(1) : list;
    const templates = items.map((item) => templateOf(item, this.#where(node), refer));
    for (const template of templates) this.#known(template);
    return { kind: "list", items: templates };
  }

  #setConstant(node: TaskNode, path: readonly (string | number)[], value: unknown): void {
    const [index, name] = path;
    const args = [...node.args];
    // Holes in an array are no values; undefined is one.
    while (args.length <= Number(index)) args.push(undefined);
    args[Number(index)] =
      name === undefined ? value : { ...(args[Number(index)] as object | undefined), [name]: value };
    node.args = args;
  }

  #freeName(taskName: string): string {
    const calls = (this.#calls.get(taskName) ?? 0) + 1;
    this.#calls.set(taskName, calls);
    const name = calls === 1 ? taskName : `${taskName}-${calls}`;
    return this.#nodes.has(name) ? this.#freeName(taskName) : name;
  }

  #known(template: Template): Template["holes"] {
    for (const hole of template.holes) this.#checkKnown(hole.node);
    return template.holes;
  }

  #checkKnown(node: FlowNode): void {
    if (this.#nodes.get(node.name) === node) return;
    throw new ClusterError(
      "BAD_FLOW",
      `flow "${this.flowName}" was given a reference to "${node.name}", which belongs to another flow: call the task in this flow, too`,
    );
  }

  #where(node: TaskNode): string {
    return `task "${node.name}" in flow "${this.flowName}"`;
  }

  /** A function among the options cannot travel: the worker takes those that the task was defined with. */
  #checkFunctionOptions(task: AnyTask): void {
    const defined = (definitionOf(task).task as AnyTask).options;
    for (const option of ["retryOn", "cacheValidator", "stateHandlers", "onFailure", "trigger"] as const) {
      if (task.options[option] === defined[option]) continue;
      if (option === "trigger" && triggerSpec(task.options.trigger ?? allSuccessful) !== undefined) continue;
      throw new ClusterError(
        "BAD_FLOW",
        `task "${task.name}" in flow "${this.flowName}" was given ${option} by with(): a function cannot be sent to a worker, so give ${option} where the task is defined`,
      );
    }
  }
}
