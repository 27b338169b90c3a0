import type { TaskRequest } from "../../protocol/messages.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** All tasks that ask the same of a worker. Deciding per class in place of per task keeps placement cheap in large graphs. */
export interface PlacementClass {
  readonly resources: Readonly<Record<string, number>>;
  readonly workers: readonly string[];
  readonly allowOtherWorkers: boolean;
  /** The size of the inputs, where it is more than some worker's memory limit; else 0. */
  readonly inputBytes: number;
  readonly unrestricted: boolean;
  /** The same for all that ask the same; empty for a class of a task's own. */
  readonly signature: string;
  /** Workers where an attempt at the very task is still being stopped: the next could not begin there before that has ended. */
  readonly besides: ReadonlySet<WorkerRecord> | undefined;
  /** How many queued tasks there are of it. */
  queued: number;
}

export class PlacementClasses {
  readonly #bySignature = new Map<string, PlacementClass>();

  intern(request: TaskRequest, inputBytes = 0): PlacementClass {
    const resources = Object.entries(request.resources).filter(([, amount]) => amount > 0);
    resources.sort(([a], [b]) => (a < b ? -1 : 1));
    const workers = [...new Set(request.workers)].sort();
    const signature = JSON.stringify([resources, workers, workers.length > 0 && request.allowOtherWorkers, inputBytes]);
    let placement = this.#bySignature.get(signature);
    if (placement === undefined) {
      placement = {
        resources: Object.fromEntries(resources),
        workers,
        allowOtherWorkers: request.allowOtherWorkers,
        inputBytes,
        unrestricted: resources.length === 0 && workers.length === 0 && inputBytes === 0,
        besides: undefined,
        signature,
        queued: 0,
      };
      this.#bySignature.set(signature, placement);
    }
    return placement;
  }

  /** Nothing of the class waits any more. There are as many sizes of inputs as there are tasks: none of them is kept. */
  emptied({ inputBytes, signature }: PlacementClass): void {
    if (inputBytes > 0) this.#bySignature.delete(signature);
  }
}

/** Whether the worker could ever run such a task, busy or not. */
export function suits(placement: PlacementClass, worker: WorkerRecord, live: Iterable<WorkerRecord>): boolean {
  if (placement.unrestricted) return true;
  if (!hasMemoryFor(placement.inputBytes, worker) || !offers(worker, placement)) return false;
  if (placement.workers.length === 0 || isNamed(placement, worker)) return true;
  if (!placement.allowOtherWorkers) return false;
  // The wish gives way only while no worker that was wished for and could run it is there to stay: one that leaves takes no
  // task, and may wait for this very one, if what runs there submitted it.
  for (const other of live)
    if (other.status !== "retiring" && isNamed(placement, other) && offers(other, placement)) return false;
  return true;
}

/** Whether it has the resources at all, free or not. */
export function offers(worker: WorkerRecord, { resources }: PlacementClass): boolean {
  for (const name in resources) if ((worker.resources[name] ?? 0) < (resources[name] ?? 0)) return false;
  return true;
}

/** Whether the worker has the resources for one more such task now, and nothing of the task itself stands in its way. */
export function hasRoom(placement: PlacementClass, worker: WorkerRecord): boolean {
  if (placement.besides?.has(worker) === true) return false;
  const { resources } = placement;
  for (const name in resources) if ((worker.freeResources[name] ?? 0) < (resources[name] ?? 0)) return false;
  return true;
}

export function hasMemoryFor(inputBytes: number, worker: WorkerRecord): boolean {
  const { memoryLimitBytes } = worker.registration;
  return memoryLimitBytes === 0 || inputBytes <= memoryLimitBytes;
}

export function isNamed(placement: PlacementClass, worker: WorkerRecord): boolean {
  const { name, address, host } = worker.registration;
  return placement.workers.some((wish) => wish === name || wish === address || wish === host);
}

/** Whether the worker could start the task now. The answer is the same for every task of its run and placement class. */
export function mayRun(state: SchedulerState, { run, placement }: Task, worker: WorkerRecord): boolean {
  if (run.hasAllItsSlots || !hasRoom(placement, worker)) return false;
  return suits(placement, worker, state.workers.values());
}
