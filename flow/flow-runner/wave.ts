import type { FlowNode, TaskNode } from "../builder/node.ts";
import type { Executor } from "../executor.ts";
import { hasHandlers } from "../state-handlers.ts";
import { type MapPlan, planMapping } from "./mapping.ts";
import type { NodeRun } from "./node-run.ts";
import { runInputs } from "./run-inputs.ts";
import { TaskRun } from "./task-run.ts";

/**
 * Makes the children of a mapped task, and those of the mapped tasks downstream that map over it element by element. They
 * are handed back in the order of submission: depth first, the nth child of one right before the nth child of the next.
 */
export function makeWave(
  first: NodeRun,
  plan: MapPlan & { kind: "children" },
  runOf: (node: FlowNode) => NodeRun,
  executor: Executor,
): { readonly nodes: readonly NodeRun[]; readonly runs: readonly TaskRun[] } {
  const wave = new Set<NodeRun>([first]);
  makeChildren(first, plan, runOf);
  // A set gives what is added while it is gone through, and each node comes after those that it depends on.
  for (const member of wave) {
    for (const next of [...member.downstream].sort((a, b) => a.index - b.index)) {
      if (wave.has(next) || !mayJoin(next, wave)) continue;
      const joined = planMapping(next.node as TaskNode, runOf, executor);
      if (joined.kind !== "children") continue;
      makeChildren(next, joined, runOf);
      wave.add(next);
    }
  }
  const nodes = [...wave].sort((a, b) => a.index - b.index);
  const runs: TaskRun[] = [];
  for (let index = 0; index < Math.max(...nodes.map((node) => node.runs.length)); index++) {
    for (const node of nodes) {
      const run = node.runs[index];
      if (run !== undefined) runs.push(run);
    }
  }
  return { nodes, runs };
}

function makeChildren(run: NodeRun, plan: MapPlan & { kind: "children" }, runOf: (node: FlowNode) => NodeRun): void {
  const node = run.node as TaskNode;
  run.runs = plan.children.map((each, index) => new TaskRun(run, runInputs(node, runOf, each), index));
  run.hasChildren = true;
}

/** Whether a node only waits for the wave, and for that element by element. */
function mayJoin(run: NodeRun, wave: ReadonlySet<NodeRun>): boolean {
  const { node } = run;
  if (node.kind !== "task" || !run.isMapped || run.isLaunched || hasHandlers(node.task.options)) return false;
  const inWave = run.upstream.filter((upstream) => !upstream.isLaunched);
  if (!inWave.every((upstream) => wave.has(upstream))) return false;
  return inWave.every((upstream) => !takesWhole(node, upstream.node));
}

function takesWhole(node: TaskNode, upstream: FlowNode): boolean {
  if (node.after.has(upstream) || node.holes.some((hole) => hole.node === upstream)) return true;
  return node.each.some(({ source }) =>
    source.kind === "list"
      ? source.items.some((item) => item.holes.some((hole) => hole.node === upstream))
      : source.node === upstream && source.flattened,
  );
}
