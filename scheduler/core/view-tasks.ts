import type { TaskDetail, TaskPage, TaskView, Told, WorkerDetail } from "../../protocol/cluster-view.ts";
import { taskId } from "../../protocol/ids.ts";
import type { StoryLine } from "../../protocol/story.ts";
import { explain, taskOf } from "./explain.ts";
import { age } from "./explain-words.ts";
import { membersOf } from "./few.ts";
import { workerInfo } from "./info.ts";
import type { PlacementClass } from "./placement-class.ts";
import type { SchedulerState } from "./state.ts";
import { isPlaceable } from "./suitability.ts";
import type { Task } from "./task.ts";

/** How many tasks one page may look at before it says where to go on: whatever is asked, others wait only so long. */
const lookedAtMax = 20_000;
/** Inputs and dependents of one task, and tasks of one worker, that are told one by one. */
const neighboursMax = 100;

export interface TaskFilter {
  readonly run?: string | undefined;
  readonly state?: TaskView["state"] | undefined;
  /** Of the function. */
  readonly name?: string | undefined;
  /** A part of the key. */
  readonly key?: string | undefined;
  /** Only tasks with greater numbers. */
  readonly after: number;
  readonly limit: number;
}

/** A page of the tasks that pass a filter, in the order of their numbers. */
export function findTasks(state: SchedulerState, filter: TaskFilter): TaskPage {
  const view = viewer(state);
  const tasks: TaskView[] = [];
  const { candidates, next } = candidatesOf(state, filter);
  for (const task of candidates) {
    if (task.id <= filter.after || !passes(task, filter)) continue;
    const seen = view(task);
    if (filter.state !== undefined && seen.state !== filter.state) continue;
    if (tasks.length === filter.limit) return { tasks, next: tasks.at(-1)?.task ?? null };
    tasks.push(seen);
  }
  return { tasks, next };
}

function passes(task: Task, { run, name, key }: TaskFilter): boolean {
  if (run !== undefined && task.run.name !== run) return false;
  if (name !== undefined && task.group.name !== name) return false;
  return key === undefined || task.key.includes(key);
}

/** Tasks among which those that pass must be, in order; `next`: where to go on if these are not all. */
function candidatesOf(
  state: SchedulerState,
  filter: TaskFilter,
): { readonly candidates: Iterable<Task>; readonly next: number | null } {
  if (filter.run !== undefined && !state.runs.has(filter.run)) return { candidates: [], next: null };
  if (filter.state === "processing") {
    const running = Array.from(state.workers.values(), ({ processing }) => [...processing]).flat();
    return { candidates: running.sort((a, b) => a.id - b.id), next: null };
  }
  const [oldest] = state.tasks.keys();
  if (state.tasks.size <= lookedAtMax || oldest === undefined) return { candidates: inOrder(state), next: null };
  const from = Math.max(filter.after + 1, oldest);
  const to = Math.min(from + lookedAtMax - 1, state.lastTask);
  return { candidates: numbered(state, from, to), next: to < state.lastTask ? to : null };
}

/** By number: one that was scattered is on the books later than its number was given out. */
function inOrder(state: SchedulerState): Task[] {
  return [...state.tasks.values()].sort((a, b) => a.id - b.id);
}

function* numbered(state: SchedulerState, from: number, to: number): Iterable<Task> {
  for (let id = from; id <= to; id++) {
    const task = state.tasks.get(taskId(id));
    if (task !== undefined) yield task;
  }
}

/** The latest task of a key, with all that is known of it. */
export function taskDetail(state: SchedulerState, key: string): TaskDetail | null {
  const task = taskOf(state, key);
  if (task === undefined) return null;
  const view = viewer(state);
  return {
    ...view(task),
    explanation: explain(state, task),
    inputs: told(task.deps, view),
    dependents: told(membersOf(task.dependents), view),
    story: state.story.linesOf(task.id).map((line) => toldLine(line, state.nowMs)),
  };
}

/** The detail of a state is how many attempts there were by then. */
function toldLine({ atMs, what, detail }: StoryLine, nowMs: number): TaskDetail["story"][number] {
  return { agoMs: age(atMs, nowMs), what: what === "processing" ? `sent to a worker, attempt ${detail}` : what };
}

export function workerDetail(state: SchedulerState, name: string): WorkerDetail | null {
  for (const worker of state.workers.values()) {
    if (worker.name !== name) continue;
    const started = (task: Task): number => (task.state.kind === "processing" && task.state.started ? 0 : 1);
    const tasks = [...worker.processing].sort((a, b) => started(a) - started(b) || a.id - b.id);
    return {
      ...workerInfo(worker),
      tasks: told(tasks, viewer(state)),
      lastHeardAgoMs: age(worker.lastHeardMs, state.nowMs),
      occupancyMs: worker.occupancyMs,
    };
  }
  return null;
}

function told(tasks: readonly Task[], view: (task: Task) => TaskView): Told<TaskView> {
  return { items: tasks.slice(0, neighboursMax).map(view), leftOut: Math.max(0, tasks.length - neighboursMax) };
}

/** Finds out once an answer, not once a task, whether anybody could run tasks that ask the same. */
function viewer(state: SchedulerState): (task: Task) => TaskView {
  const placeable = new Map<PlacementClass, boolean>();
  return (task) => {
    const current = task.state;
    let { kind }: { kind: TaskView["state"] } = current;
    if (kind === "queued") {
      const can = placeable.get(task.placement) ?? isPlaceable(state, task.placement);
      placeable.set(task.placement, can);
      if (!can) kind = "no-worker";
    }
    return {
      task: task.id,
      key: task.key,
      name: task.group.name,
      run: task.run.name,
      state: kind,
      worker: current.kind === "processing" ? current.worker.name : null,
      running: current.kind === "processing" && current.started,
      sinceAgoMs: age(task.sinceMs, state.nowMs),
      attempts: task.attempts,
      bytes: current.kind === "memory" ? task.resultBytes : 0,
    };
  };
}
