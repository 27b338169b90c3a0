import type { WireError } from "../../protocol/errors.ts";
import { formatBytes } from "../../protocol/units.ts";
import { hasMemoryFor, type PlacementClass, suits } from "./placement-class.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import { wireError } from "./wire-error.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Below this no task's inputs are too large for anybody. */
function leastLimitBytes(state: SchedulerState): number {
  if (state.leastLimitBytes === undefined) {
    const limits = Array.from(state.workers.values(), limitOf).filter((limitBytes) => limitBytes > 0);
    state.leastLimitBytes = limits.reduce((least, limit) => Math.min(least, limit), Number.POSITIVE_INFINITY);
  }
  return state.leastLimitBytes;
}

/** All inputs of a task lie in its worker's memory while it runs. */
export function inputBytesOf(task: Task): number {
  let bytes = 0;
  for (const dep of task.deps) bytes += dep.resultBytes;
  return bytes;
}

/** What a task whose inputs are all in memory asks of a worker: its limit counts only if it is too low on some. */
export function placementOf(state: SchedulerState, task: Task, inputBytes: number): PlacementClass {
  const placement =
    inputBytes > leastLimitBytes(state) ? state.placements.intern(task.request, inputBytes) : task.taskClass.placement;
  // Few tasks ever are in this case, and none for long: each is a class of its own.
  return task.stoppingOn.size === 0
    ? placement
    : { ...placement, signature: "", besides: new Set(task.stoppingOn), queued: 0 };
}

/**
 * Why a task is refused whose inputs are larger than the memory of every worker that may run it; undefined if they are not.
 * With no such worker at hand it waits: one that comes may be large enough.
 */
export function oversize(state: SchedulerState, task: Task, inputBytes: number): WireError | undefined {
  if (inputBytes <= leastLimitBytes(state)) return undefined;
  const asked = task.taskClass.placement;
  let largest: WorkerRecord | undefined;
  for (const worker of state.workers.values()) {
    if (hasMemoryFor(inputBytes, worker)) {
      if (suits(asked, worker, state.workers.values())) return undefined;
    } else if (largest === undefined || limitOf(worker) > limitOf(largest)) {
      if (suits(asked, worker, state.workers.values())) largest = worker;
    }
  }
  if (largest === undefined) return undefined;
  const limitBytes = limitOf(largest);
  const message = `The task "${task.key}" needs ${formatBytes(inputBytes)} of inputs in memory at once, but of the workers that may run it none has a memory limit of more than ${formatBytes(limitBytes)} ("${largest.name}"). Give the workers more memory (memoryLimit, or fewer of them on a machine), or have the task take less at a time.`;
  return wireError("TOO_LARGE", message, { key: task.key, inputBytes, limitBytes, worker: largest.name });
}

const limitOf = (worker: WorkerRecord): number => worker.registration.memoryLimitBytes;
