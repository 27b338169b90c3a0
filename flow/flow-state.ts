import type { Reference } from "../client/placeholder.ts";
import type { Task } from "../client/task.ts";
import { ClusterError } from "../protocol/errors.ts";
import type { FlowGraph } from "./builder/flow-graph.ts";
import type { FlowNode } from "./builder/node.ts";
import { NodeReference } from "./builder/reference.ts";
import type { NodeRun } from "./flow-runner/node-run.ts";
import type { TaskSelector } from "./flow-runner/run-options.ts";
import { itemAt } from "./item-at.ts";
import { RunState } from "./run-state.ts";
import { hasResult, mapped, pending, type State } from "./states.ts";

/** How a run of a flow has ended, with the states of its tasks. */
export class FlowState extends RunState {
  readonly flowRunId: string;
  readonly #graph: FlowGraph;
  readonly #nodes: ReadonlyMap<FlowNode, NodeRun>;

  constructor(state: State, graph: FlowGraph, nodes: ReadonlyMap<FlowNode, NodeRun>, flowRunId: string) {
    super(state);
    this.#graph = graph;
    this.#nodes = nodes;
    this.flowRunId = flowRunId;
  }

  /** The state of each task of the flow, by its name in the flow. */
  override get result(): ReadonlyMap<string, RunState> {
    return new Map([...this.#nodes].map(([node, run]) => [node.name, nodeState(run)]));
  }

  /** Why the run failed: the error of the run itself, else that of the first task that failed. */
  override get error(): Error | undefined {
    if (!this.isFailed() || ("error" in this.data && this.data.error !== undefined)) return super.error;
    const failed = [...this.#nodes.values()]
      .flatMap((run) => run.runs)
      .find((run) => {
        return run.state.type !== "TriggerFailed" && new RunState(run.state).isFailed();
      });
    return failed === undefined ? super.error : new RunState(failed.state).error;
  }

  /**
   * The state of one task, or of one child of a mapped task.
   * @throws ClusterError BAD_FLOW when the flow has no such task, or more than one.
   */
  taskState(task: TaskSelector, mapIndex?: number): RunState {
    const node = this.#graph.find(task);
    const state = nodeState(this.#nodes.get(node));
    if (mapIndex === undefined) return state;
    const child = state.children[mapIndex];
    if (child !== undefined) return child;
    throw new ClusterError(
      "BAD_FLOW",
      `task "${node.name}" has ${state.children.length} mapped children, and none of index ${mapIndex}`,
    );
  }

  /**
   * What a task returned. A mapped task's results are in an array, with undefined for children that were skipped and the
   * error of each that failed; with `mapIndex` it is that child's result.
   * @throws the error of a task that failed, and ClusterError BAD_FLOW for one that has not ended, or whose result was
   * left on its worker (see the option `fetch` of `run`).
   */
  resultOf<T>(task: Reference<T>): T;
  resultOf<T>(task: Reference<readonly T[]>, mapIndex: number): T;
  // biome-ignore lint/suspicious/noExplicitAny: a task of whatever arguments.
  resultOf<R>(task: Task<any, R>): Awaited<R>;
  // biome-ignore lint/suspicious/noExplicitAny: by name, only the caller knows the type.
  resultOf(task: TaskSelector, mapIndex?: number): any;
  resultOf(task: TaskSelector, mapIndex?: number): unknown {
    const state = this.taskState(task, mapIndex);
    const node = this.#graph.find(task);
    const runs = this.#nodes.get(node)?.runs ?? [];
    const asked = mapIndex === undefined ? runs : runs.slice(mapIndex, mapIndex + 1);
    if (asked.some((run) => hasResult(run.state) && !run.isWhole)) {
      throw new ClusterError(
        "BAD_FLOW",
        `the result of task "${node.name}" was left on its worker: run the flow with fetch: "all" to have it here, or make the task a reference task`,
      );
    }
    if (state.isMapped()) return itemOf(task, state.result);
    if (state.error !== undefined) throw state.error;
    if (!state.isFinished())
      throw new ClusterError("BAD_FLOW", `task "${node.name}" has no result: it is ${state.type}. ${state.message}`);
    return state.isSkipped() ? undefined : itemOf(task, state.result);
  }
}

/** A reference may mean a part of its task's result. */
function itemOf(task: unknown, result: unknown): unknown {
  return task instanceof NodeReference ? itemAt(result, task.item, task.node.name) : result;
}

/** The state of a node in a run: for a mapped task with those of its children. */
export function nodeState(run: NodeRun | undefined): RunState {
  if (run?.hasChildren) {
    const children = run.runs.map((child) => new RunState(child.state));
    return new RunState(mapped(children.length), children);
  }
  return new RunState(run?.runs[0]?.state ?? pending());
}
