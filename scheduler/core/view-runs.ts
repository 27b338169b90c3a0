import type { GraphView, GroupView, RunView, Told } from "../../protocol/cluster-view.ts";
import { runInfo } from "./info.ts";
import type { Run } from "./run.ts";
import type { SchedulerState } from "./state.ts";
import type { TaskGroup } from "./task-group.ts";

// Runs and their groups, at the cost of how many there are of those, whatever the number of tasks.

/** More than anybody reads, and little enough to be sent every second. */
const runsMax = 500;
const groupsMax = 500;
const edgesMax = 2_000;

export function runsOf(state: SchedulerState): Told<RunView> {
  const dueWeight = weightOfBusy(state);
  // What came last is what people look for.
  const runs = [...state.runs.values()].reverse();
  return {
    items: runs.slice(0, runsMax).map((run) => runView(state, run, dueWeight)),
    leftOut: Math.max(0, runs.length - runsMax),
  };
}

export function runView(state: SchedulerState, run: Run, dueWeight: number = weightOfBusy(state)): RunView {
  return {
    ...runInfo(run),
    weight: run.weight,
    slotsMax: Number.isFinite(run.slotsMax) ? run.slotsMax : null,
    assigned: run.processing - run.lent,
    share: run.isBusy ? run.weight / dueWeight : 0,
    tasks: run.tasks,
  };
}

function weightOfBusy(state: SchedulerState): number {
  let weight = 0;
  for (const run of state.runs.values()) if (run.isBusy) weight += run.weight;
  return weight;
}

export function groupsOf(state: SchedulerState, name: string | undefined): Told<GroupView> | null {
  const chosen = choose(state, name);
  if (chosen === undefined) return null;
  return { items: chosen.groups.map(([run, group]) => groupView(run, group)), leftOut: chosen.leftOut };
}

export function graphOf(state: SchedulerState, name: string | undefined): GraphView | null {
  const chosen = choose(state, name);
  if (chosen === undefined) return null;
  const places = new Map(chosen.groups.map(([, { id }], place) => [id, place]));
  const edges: { from: number; to: number; results: number }[] = [];
  for (const [to, [, group]] of chosen.groups.entries()) {
    for (const [input, results] of group.inputs) {
      const from = places.get(input);
      if (from !== undefined && edges.length < edgesMax) edges.push({ from, to, results });
    }
  }
  return { nodes: chosen.groups.map(([run, group]) => groupView(run, group)), edges, leftOut: chosen.leftOut };
}

/** The latest runs' groups, as many as are told. Undefined: there is no such run. */
function choose(
  state: SchedulerState,
  name: string | undefined,
): { readonly groups: readonly (readonly [Run, TaskGroup])[]; readonly leftOut: number } | undefined {
  const named = name === undefined ? undefined : state.runs.get(name);
  if (name !== undefined && named === undefined) return undefined;
  const runs = named === undefined ? [...state.runs.values()].reverse() : [named];
  const groups: (readonly [Run, TaskGroup])[] = [];
  let all = 0;
  for (const run of runs) {
    all += run.groups.size;
    for (const group of run.groups.values()) if (groups.length < groupsMax) groups.push([run, group]);
  }
  return { groups, leftOut: all - groups.length };
}

function groupView(run: Run, { name, total, finished, failed, counts, computeMs }: TaskGroup): GroupView {
  return { run: run.name, name, total, finished, failed, ...counts, computeMs };
}
