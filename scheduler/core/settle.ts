import type { TaskId } from "../../protocol/ids.ts";
import { enter, removeHolder } from "./enter.ts";
import { withoutMember } from "./few.ts";
import type { SchedulerState } from "./state.ts";
import { isActive, isNeeded, released, type Task } from "./task.ts";
import { stopWaitingFor, takeBack } from "./transitions.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Lets go of what nobody needs any more: work is dropped, results are freed on their holders, and records are forgotten
 * once no dependent's record is left that might have to be computed again. Runs once an event, after everything else.
 */
export function settleAll(state: SchedulerState): void {
  if (state.unsettled.length === 0) return;
  const { freed } = state;
  for (let task = state.unsettled.pop(); task !== undefined; task = state.unsettled.pop()) settle(state, task, freed);
  for (const [worker, tasks] of freed) state.toWorker(worker, { op: "free", tasks });
  freed.clear();
}

function settle(state: SchedulerState, task: Task, freed: Map<WorkerRecord, TaskId[]>): void {
  if (task.forgotten || isNeeded(task)) return;
  if (wasSent(task))
    takeBack(state, task, { force: task.taskClass.nested, reason: "nobody needs its result any more" });
  if (isActive(task)) enter(state, task, released);
  else if (task.state.kind === "memory") {
    for (const holder of task.holders) {
      const tasks = freed.get(holder);
      if (tasks === undefined) freed.set(holder, [task.id]);
      else tasks.push(task.id);
      removeHolder(task, holder);
    }
    enter(state, task, released);
  }
  if (task.dependents === undefined) forget(state, task);
}

const wasSent = ({ state }: Task): boolean =>
  state.kind === "processing" || (state.kind === "waiting" && state.follows !== undefined);

function forget(state: SchedulerState, task: Task): void {
  task.forgotten = true;
  stopWaitingFor(state, task);
  state.tasks.delete(task.id);
  state.keys.drop(task);
  task.run.tasks--;
  task.group.count(task.state.kind, -1);
  state.dropRunIfEmpty(task.run);
  for (const dep of task.deps) {
    dep.dependents = withoutMember(dep.dependents, task);
    if (dep.dependents === undefined) state.unsettled.push(dep);
  }
}
