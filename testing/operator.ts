import type { Script } from "./script.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimWorker } from "./sim-worker.ts";
import type { Surroundings } from "./surroundings.ts";

/** What asks for what nobody has is given up after so long, and what only leaving workers could run after a little more. */
const unplaceableMs = 1_000;
const leavingMs = 30_000;

/** Does what people would have to do once the faults are over, so that everything can end. */
export class Operator {
  readonly #around: Surroundings;
  readonly #workers: readonly SimWorker[];
  readonly #clients: () => readonly SimClient[];
  readonly #startMs: number;
  #cancelled = false;

  constructor(around: Surroundings, workers: readonly SimWorker[], clients: () => readonly SimClient[]) {
    this.#around = around;
    this.#workers = workers;
    this.#clients = clients;
    this.#startMs = around.time.nowMs;
  }

  look(): void {
    const { nowMs } = this.#around.time;
    // Retired workers come back, so that what is restricted to them can run.
    for (const worker of this.#workers) if (worker.stopped) worker.revive();
    if (!this.#cancelled && nowMs > this.#startMs + unplaceableMs) {
      this.#cancelled = true;
      this.#cancelUnplaceable();
    }
    if (nowMs > this.#startMs + leavingMs) this.#endLeaving();
  }

  /** What asks for more than any worker has never runs, and rightly so. */
  #cancelUnplaceable(): void {
    for (const client of this.#clients()) {
      const stuck = [...client.futures.values()].filter(
        ({ status, script }) =>
          status === "pending" && [...script.causes()].some((cause) => this.#ableTo(cause).length === 0),
      );
      if (stuck.length > 0) client.cancel(stuck);
    }
  }

  /**
   * A worker that was told to leave waits for the tasks that run there. If one of those waits for a task of its own that only
   * this worker could run, it never leaves: whoever sent it away has to end it.
   */
  #endLeaving(): void {
    const { presence } = this.#around.watch;
    for (const worker of this.#workers) {
      for (const script of worker.process.slots.waiting()) {
        for (const cause of script.causes()) {
          const able = this.#ableTo(cause);
          if (able.some(({ name }) => presence.isThere(name))) continue;
          for (const other of able) if (other.process.slots.waiting().length > 0) other.crash();
        }
      }
    }
  }

  #ableTo({ options: { resources, workers: names, allowOtherWorkers } }: Script): SimWorker[] {
    return this.#workers.filter(
      (worker) =>
        (names.length === 0 || allowOtherWorkers || names.includes(worker.name)) &&
        Object.entries(resources).every(([name, amount]) => (worker.resources[name] ?? 0) >= amount),
    );
  }
}
