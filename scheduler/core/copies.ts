import type { Input } from "../../protocol/messages.ts";
import { addressesOf } from "./enter.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** Copies of results that workers were asked to fetch and that have not come. */
export class Copies {
  readonly #underWay: Map<WorkerRecord, Set<Task>> = new Map();
  #asking: Map<WorkerRecord, Input[]> = new Map();

  /** Asks a worker for a copy, once. */
  ask(task: Task, heir: WorkerRecord): void {
    const tasks = this.#underWay.get(heir) ?? new Set();
    if (tasks.has(task) || task.holders.has(heir)) return;
    tasks.add(task);
    this.#underWay.set(heir, tasks);
    const inputs = this.#asking.get(heir) ?? [];
    inputs.push({ task: task.id, bytes: task.resultBytes, addresses: addressesOf(task) });
    this.#asking.set(heir, inputs);
  }

  /** Sends what was asked for since, in one message a worker. */
  send(state: SchedulerState): void {
    if (this.#asking.size === 0) return;
    for (const [heir, inputs] of this.#asking) state.toWorker(heir, { op: "replicate", inputs });
    this.#asking = new Map();
  }

  isUnderWay(task: Task): boolean {
    for (const tasks of this.#underWay.values()) if (tasks.has(task)) return true;
    return false;
  }

  arrived(task: Task, heir: WorkerRecord): void {
    this.#underWay.get(heir)?.delete(task);
  }

  /** The result is gone. Its copies may never come: once it is there again, they have to be asked for again. */
  forget(task: Task): void {
    for (const tasks of this.#underWay.values()) tasks.delete(task);
  }

  /** What was on its way from a lost worker may be asked for again, from another holder. */
  workerGone(gone: WorkerRecord): void {
    this.#underWay.delete(gone);
    for (const tasks of this.#underWay.values()) tasks.clear();
  }
}

/** Picks heirs such that what they store stays even, counting what this call gives away. */
export class EvenLoad {
  readonly #load: Map<WorkerRecord, number>;

  constructor(workers: Iterable<WorkerRecord>) {
    this.#load = new Map(Array.from(workers, (worker) => [worker, worker.storedBytes]));
  }

  /** The least loaded of those that may take it, charged with the bytes; undefined when none may. */
  take(bytes: number, may: (worker: WorkerRecord) => boolean = () => true): WorkerRecord | undefined {
    let least: WorkerRecord | undefined;
    let leastBytes = Number.POSITIVE_INFINITY;
    for (const [worker, load] of this.#load) {
      if (load >= leastBytes || !may(worker)) continue;
      least = worker;
      leastBytes = load;
    }
    // One byte more, so that many empty results are spread, too.
    if (least !== undefined) this.#load.set(least, leastBytes + bytes + 1);
    return least;
  }
}
