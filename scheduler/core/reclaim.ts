import { fetchMs, takesTasks } from "./placement.ts";
import { mayRun } from "./placement-class.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/**
 * Asks workers for tasks that wait there while slots elsewhere are idle: what was sent ahead of need is not bound for
 * good. A worker refuses for a task that has begun. One that is given back is placed like any other, by the same sum, so
 * that it does not come back to where it was.
 */
export function reclaim(state: SchedulerState): void {
  if (state.crowded.size === 0) return;
  const idle = [...state.hungry].filter((worker) => takesTasks(worker) && worker.assigned < worker.slots);
  // What was asked for and has not come will fill some of these slots.
  let wanted = idle.reduce((slots, worker) => slots + worker.slots - worker.assigned, 0) - state.askedBack;
  if (wanted <= 0) return;
  for (const crowded of state.crowded) {
    let spare = crowded.assigned - crowded.slots;
    for (const task of waitingThere(crowded)) {
      if (wanted <= 0) return;
      if (spare <= 0) break;
      if (!idle.some((worker) => pays(state, task, crowded, worker))) continue;
      askBack(state, task, crowded);
      wanted--;
      spare--;
    }
  }
}

/** What it has not begun and was not asked for, the last sent first. */
function waitingThere(worker: WorkerRecord): Task[] {
  if (worker.absence !== undefined || worker.running === worker.processing.size) return [];
  const waiting = [...worker.processing].filter(
    ({ state }) => state.kind === "processing" && !state.started && !state.askedBack,
  );
  return waiting.reverse();
}

/** Whether it would have its inputs elsewhere before its turn comes where it is. */
function pays(state: SchedulerState, task: Task, from: WorkerRecord, to: WorkerRecord): boolean {
  if (task.state.kind !== "processing" || !mayRun(state, task, to)) return false;
  const waitMs = (from.occupancyMs - task.state.estimateMs) / from.slots;
  return waitMs > fetchMs(state, task, to);
}

function askBack(state: SchedulerState, task: Task, worker: WorkerRecord): void {
  if (task.state.kind !== "processing") return;
  task.state.askedBack = true;
  state.askedBack++;
  state.toWorker(worker, { op: "give-back", task: task.id, attempt: task.state.attempt });
}
