import type { Reference } from "../client/placeholder.ts";
import { type AnyTask, isTask } from "../client/task.ts";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { importingInSlot } from "../protocol/task-registry.ts";
import { build } from "./builder/building.ts";
import { FlowGraph } from "./builder/flow-graph.ts";
import { FlattenedArgument, WholeArgument } from "./builder/map-arguments.ts";
import type { FlowNode, TaskNode } from "./builder/node.ts";
import { NodeReference, typedReference } from "./builder/reference.ts";
import type { Executor } from "./executor.ts";
import { LocalExecutor } from "./executors/local-executor.ts";
import { checkFlowOptions, type FlowOptions } from "./flow-options.ts";
import { abortOnInterrupt } from "./flow-runner/interrupts.ts";
import { runFlow } from "./flow-runner/run-flow.ts";
import { checkRunOptions, type RunOptions, type TaskSelector } from "./flow-runner/run-options.ts";
import type { FlowState } from "./flow-state.ts";
import { noteFlow } from "./made-flows.ts";
import { argumentPath } from "./parameter-names.ts";
import type { Handlers } from "./state-handlers.ts";

/** What `setDependencies` says of a task. */
export interface Dependencies {
  /** Tasks that come first without giving it a value. */
  readonly upstreamTasks?: readonly TaskSelector[] | undefined;
  /** Tasks that come after it without taking its value. */
  readonly downstreamTasks?: readonly TaskSelector[] | undefined;
  /**
   * What its function gets, by the names of the function's parameters (or, if it takes one object apart, by the names in
   * it): tasks, references, constants, `unmapped(…)` and `flatten(…)`.
   */
  readonly keywordTasks?: Readonly<Record<string, unknown>> | undefined;
  /** It runs once for each element of what `keywordTasks` give it. */
  readonly mapped?: boolean | undefined;
}

/** Tasks that depend on one another, and how a run of them is judged. */
export class Flow {
  readonly name: string;
  readonly options: FlowOptions;
  /** Runs the flow's tasks where a run names no other. */
  executor: Executor | undefined;
  readonly #graph: FlowGraph;
  readonly #tasks = new Map<AnyTask, TaskNode>();
  #body: (() => unknown) | undefined;
  #referenceTasks: FlowOptions["referenceTasks"];

  /**
   * An empty flow, to be filled by `addTask` and `setDependencies`; `flow(name, body)` fills one by calls of tasks.
   * @throws ConfigurationError BAD_OPTION
   */
  constructor(name: string, options: FlowOptions = {}, body?: () => unknown) {
    if (typeof name !== "string" || name === "") {
      throw new ConfigurationError("BAD_OPTION", "a flow needs a name that is a non-empty string");
    }
    checkFlowOptions(name, options);
    this.name = name;
    this.options = options;
    this.executor = options.executor;
    this.#graph = new FlowGraph(name);
    this.#referenceTasks = options.referenceTasks;
    this.#body = body;
    noteFlow(this);
  }

  /** The flow's tasks, which its body has made by now. */
  get graph(): FlowGraph {
    const body = this.#body;
    this.#body = undefined;
    if (body !== undefined) build(this.#graph, body);
    return this.#graph;
  }

  /** The names of the flow's tasks, in the order of the calls. */
  get tasks(): readonly string[] {
    return this.graph.nodes.flatMap((node) => (node.kind === "task" ? [node.name] : []));
  }

  /** Adds a call of a task. The same task object is added once: give `task.with({})` for another call of it. */
  // biome-ignore lint/suspicious/noExplicitAny: a task of whatever arguments.
  addTask<R>(task: AnyTask & ((...args: any[]) => Reference<R>)): Reference<R> {
    return typedReference(new NodeReference(this.#nodeOf(task)));
  }

  /** Lets `downstream` come after `upstream`, without taking its value. */
  addEdge(upstream: TaskSelector, downstream: TaskSelector): void {
    const node = this.#resolve(downstream);
    if (node.kind === "parameter")
      throw new ClusterError("BAD_FLOW", `flow "${this.name}": the parameter "${node.name}" comes after nothing`);
    node.after.add(this.#resolve(upstream));
    this.graph.order();
  }

  /**
   * Says what a task depends on; it is added if need be.
   * @throws ClusterError BAD_FLOW, CYCLIC_GRAPH
   */
  // biome-ignore lint/suspicious/noExplicitAny: named by a selector, only the caller knows the type.
  setDependencies(task: TaskSelector, dependencies: Dependencies): Reference<any> {
    const node = this.#resolve(task);
    if (node.kind === "parameter")
      throw new ClusterError("BAD_FLOW", `flow "${this.name}": the parameter "${node.name}" depends on nothing`);
    for (const upstream of dependencies.upstreamTasks ?? []) this.addEdge(upstream, task);
    for (const downstream of dependencies.downstreamTasks ?? []) this.addEdge(task, downstream);
    for (const [key, value] of Object.entries(dependencies.keywordTasks ?? {})) {
      const path = argumentPath(node.task.run, key);
      if (path === undefined) {
        throw new ClusterError(
          "BAD_FLOW",
          `flow "${this.name}": the function of task "${node.name}" has no parameter "${key}"`,
        );
      }
      if (dependencies.mapped === true) this.graph.setMappedArgument(node, path, value, this.#refer);
      else this.graph.setArgument(node, path, this.#plain(node, value), this.#refer);
    }
    if (dependencies.mapped === true && node.each.length === 0) {
      throw new ClusterError(
        "BAD_FLOW",
        `flow "${this.name}": task "${node.name}" is mapped over nothing: one of keywordTasks is a list, or a task that returns one`,
      );
    }
    this.graph.order();
    return typedReference(new NodeReference(node));
  }

  /** The tasks that decide how a run ends. */
  setReferenceTasks(tasks: readonly TaskSelector[]): void {
    this.#referenceTasks = tasks;
  }

  /** The nodes of the reference tasks. */
  referenceNodes(): readonly FlowNode[] {
    const given = typeof this.#referenceTasks === "function" ? this.#referenceTasks() : this.#referenceTasks;
    return given === undefined ? this.graph.terminalTasks() : given.map((task) => this.graph.find(task));
  }

  /** Those who hear of the changes of a run's state. */
  get handlers(): Handlers<Flow> {
    return { stateHandlers: this.options.stateHandlers, onFailure: this.options.onFailure };
  }

  /**
   * Checks what can be checked without running.
   * @throws ClusterError BAD_FLOW, CYCLIC_GRAPH
   */
  validate(): void {
    this.graph.order();
    this.referenceNodes();
  }

  /**
   * Runs the flow once and gives its final state: a task or executor that fails shows in that state.
   * @throws ConfigurationError BAD_OPTION, BAD_PARAMETER; ClusterError BAD_FLOW, CYCLIC_GRAPH
   */
  async run(options: RunOptions = {}): Promise<FlowState> {
    checkRunOptions(this.name, options);
    const executor = options.executor ?? this.executor ?? new LocalExecutor();
    if (options.cancelOnInterrupt !== true) return runFlow(this, executor, options);
    const interrupts = abortOnInterrupt(options.signal);
    try {
      return await runFlow(this, executor, { ...options, signal: interrupts.signal });
    } finally {
      interrupts.forget();
    }
  }

  /** In a flow that is filled task by task, a task stands for its one call. */
  readonly #refer = (value: unknown): NodeReference | undefined => {
    if (value instanceof NodeReference) return value;
    return isTask(value) ? new NodeReference(this.#nodeOf(value)) : undefined;
  };

  #resolve(task: TaskSelector): FlowNode {
    return this.#refer(task)?.node ?? this.graph.find(task);
  }

  #nodeOf(task: AnyTask): TaskNode {
    const known = this.#tasks.get(task);
    if (known !== undefined) return known;
    const node = this.graph.addTask(task);
    this.#tasks.set(task, node);
    return node;
  }

  #plain(node: TaskNode, value: unknown): unknown {
    if (value instanceof WholeArgument) return value.value;
    if (!(value instanceof FlattenedArgument)) return value;
    throw new ClusterError(
      "BAD_FLOW",
      `flow "${this.name}": flatten() is for mapped tasks, and task "${node.name}" is not mapped`,
    );
  }
}

/**
 * A flow whose tasks are the calls that `body` makes: inside it, a task that is called (or mapped) gives a reference to
 * its result-to-be, and references passed to other tasks are what those depend on.
 * @throws ConfigurationError BAD_OPTION; ClusterError BAD_FLOW
 */
export function flow(name: string, body: () => unknown, options: FlowOptions = {}): Flow {
  const made = new Flow(name, options, body);
  // A worker imports a flow's module for its tasks; it never needs the flow.
  if (!importingInSlot()) made.validate();
  return made;
}
