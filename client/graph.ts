import { ConfigurationError } from "../protocol/errors.ts";
import type { EncodedValue, TaskRequest } from "../protocol/messages.ts";
import { encodeArguments } from "./arguments.ts";
import { Future } from "./future.ts";
import type { PlacedArgs } from "./placeholder.ts";
import { nameOf, requestOf, type SubmitOptions } from "./submit-options.ts";
import type { Submittable, Task } from "./task.ts";

/** What stands behind a node. */
export class NodeSpec {
  readonly fn: Submittable;
  readonly args: EncodedValue;
  /** In the order of the references in `args`. */
  readonly deps: readonly (NodeSpec | Future<unknown>)[];
  readonly request: TaskRequest;
  readonly options: SubmitOptions | undefined;
  /** The walk through the graph that met it last, and its place in that: spares each walk a map of all nodes. */
  walk: number = 0;
  place: number = 0;

  constructor(
    fn: Submittable,
    args: EncodedValue,
    deps: readonly (NodeSpec | Future<unknown>)[],
    request: TaskRequest,
    options: SubmitOptions | undefined,
  ) {
    this.fn = fn;
    this.args = args;
    this.deps = deps;
    this.request = request;
    this.options = options;
  }
}

/** A task of a Graph: it may stand for its result in the arguments of later ones. */
export class GraphNode<out T> {
  /** Exists for the type checker alone. */
  declare protected readonly resultType: T;
  readonly #graph: Graph;
  readonly #spec: NodeSpec;

  /** Nodes are made by a graph. */
  constructor(graph: Graph, spec: NodeSpec) {
    this.#graph = graph;
    this.#spec = spec;
  }

  /** @throws ConfigurationError BAD_OPTION for what is no node. */
  static specOf(node: unknown): NodeSpec {
    if (node instanceof GraphNode) return node.#spec;
    throw new ConfigurationError(
      "BAD_OPTION",
      "compute() takes nodes, which graph.add(task, args) returns, or an array of them",
    );
  }

  static isOf(node: GraphNode<unknown>, graph: Graph): boolean {
    return node.#graph === graph;
  }
}

/**
 * Tasks that depend on one another, to be computed together: a client sends what the wanted nodes need, and keeps the
 * results of the wanted ones alone. A node can only use nodes that are there already, so that a
 * graph has no cycle.
 */
export class Graph {
  /**
   * Adds a call. Nodes of this graph, and futures, may stand anywhere in the arguments (arrays, plain objects).
   * @throws ConfigurationError BAD_OPTION, also for a node of another graph; ClusterError UNSENDABLE_VALUE
   */
  add<Args extends readonly unknown[], Result>(
    task: Task<Args, Result>,
    args: NoInfer<Readonly<PlacedArgs<Args, "node">>>,
    options?: SubmitOptions,
  ): GraphNode<Awaited<Result>>;
  add<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    args: NoInfer<Readonly<PlacedArgs<Args, "node">>>,
    options?: SubmitOptions,
  ): GraphNode<Awaited<Result>>;
  add(fn: Submittable, args: readonly unknown[], options?: SubmitOptions): GraphNode<unknown> {
    const request = requestOf(fn, options);
    const { args: encoded, deps } = encodeArguments(args, (object) => this.#inputBehind(object, fn));
    return new GraphNode<unknown>(this, new NodeSpec(fn, encoded, deps, request, options));
  }

  #inputBehind(object: object, fn: Submittable): NodeSpec | Future<unknown> | undefined {
    if (!(object instanceof GraphNode)) return object instanceof Future ? object : undefined;
    if (GraphNode.isOf(object, this)) return GraphNode.specOf(object);
    throw new ConfigurationError(
      "BAD_OPTION",
      `an argument of ${nameOf(fn)} is a node of another graph: add all nodes to one graph, or compute the other first and pass its future`,
    );
  }
}

let walks = 0;

/** All that these nodes need, themselves included, each once, inputs before their dependents; each knows its place then. */
export function neededFor(targets: readonly NodeSpec[]): NodeSpec[] {
  const walk = ++walks;
  const ordered: NodeSpec[] = [];
  // A graph may be deeper than the call stack.
  const stack: NodeSpec[] = [];
  /** For each of the stack, how many of its inputs were entered. */
  const entered: number[] = [];
  for (const target of targets) {
    if (target.walk === walk) continue;
    target.walk = walk;
    stack.push(target);
    entered.push(0);
    while (stack.length > 0) {
      const top = stack.length - 1;
      const spec = stack[top] as NodeSpec;
      const index = entered[top] as number;
      if (index < spec.deps.length) {
        entered[top] = index + 1;
        const dep = spec.deps[index];
        if (!(dep instanceof NodeSpec) || dep.walk === walk) continue;
        dep.walk = walk;
        stack.push(dep);
        entered.push(0);
        continue;
      }
      spec.place = ordered.push(spec) - 1;
      stack.pop();
      entered.pop();
    }
  }
  return ordered;
}
