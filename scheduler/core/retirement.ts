import type { ClientRecord } from "./client-record.ts";
import { type Copies, EvenLoad } from "./copies.ts";
import { rehome } from "./placement.ts";
import type { SchedulerState } from "./state.ts";
import { isNeeded } from "./task.ts";
import { wireError } from "./wire-error.ts";
import type { WorkerRecord } from "./worker-record.ts";

interface RetireRequest {
  readonly client: ClientRecord;
  readonly request: number;
  readonly names: readonly string[];
  readonly leaving: Set<WorkerRecord>;
}

/**
 * Workers that leave in good order: they get no new task, finish what they have, hand over results that only they hold,
 * and stop. `advance` is called after every event and does what has become possible.
 */
export class Retirement {
  readonly #requests: Set<RetireRequest> = new Set();
  readonly #leaving: Set<WorkerRecord> = new Set();
  readonly #stopped: Set<WorkerRecord> = new Set();
  readonly #copies: Copies;

  constructor(copies: Copies) {
    this.#copies = copies;
  }

  retire(state: SchedulerState, client: ClientRecord, request: number, names: readonly string[]): void {
    const live = [...state.workers.values()];
    const unknown = names.filter((name) => !live.some((worker) => worker.name === name || worker.address === name));
    if (unknown.length > 0) {
      const error = wireError(
        "BAD_OPTION",
        `No worker is called ${unknown.join(", ")}, so none was retired. client.info() lists the workers there are.`,
      );
      state.toClient(client, { op: "reply", request, error });
      return;
    }
    const leaving = live.filter((worker) => names.includes(worker.name) || names.includes(worker.address));
    this.#requests.add({ client, request, names: leaving.map((worker) => worker.name), leaving: new Set(leaving) });
    for (const worker of leaving) {
      worker.status = "retiring";
      this.#leaving.add(worker);
    }
    for (const worker of leaving) rehome(state, worker);
    state.noWorkerWatch.workersChanged();
  }

  advance(state: SchedulerState): void {
    for (const worker of this.#leaving) {
      if (worker.gone) {
        this.#leaving.delete(worker);
        this.#stopped.delete(worker);
      } else if (
        worker.absence === undefined &&
        // What lent its slot counts, too: its result is to be handed over like any other.
        worker.processing.size + worker.stopping.size === 0 &&
        !this.#stopped.has(worker) &&
        this.#handedOver(state, worker)
      ) {
        this.#stopped.add(worker);
        state.toWorker(worker, { op: "stop", how: "drain", restart: false, reason: "retired" });
      }
    }
    for (const request of this.#requests) {
      for (const worker of request.leaving) if (worker.gone) request.leaving.delete(worker);
      if (request.leaving.size > 0) continue;
      this.#requests.delete(request);
      if (state.clients.has(request.client.id)) state.reply(request.client, request.request, request.names);
    }
  }

  /** True once nothing that somebody needs lies on leaving workers alone; asks for the copies that are missing. */
  #handedOver(state: SchedulerState, worker: WorkerRecord): boolean {
    const heirs = [...state.workers.values()].filter((other) => other.status === "running");
    const sole = [...worker.holds].filter((task) => isNeeded(task) && ![...task.holders].some(isStaying));
    // Without an heir the results go with the worker; those that can be are computed again once a worker comes.
    if (sole.length === 0 || heirs.length === 0) return true;
    const load = new EvenLoad(heirs);
    for (const task of sole) {
      if (this.#copies.isUnderWay(task)) continue;
      const heir = load.take(task.resultBytes);
      if (heir !== undefined) this.#copies.ask(task, heir);
    }
    return false;
  }

  /** Whether any worker is leaving, that is whether `advance` has anything to do. */
  get active(): boolean {
    return this.#requests.size > 0 || this.#leaving.size > 0;
  }
}

/** One that is not connected may never be back. */
const isStaying = ({ status }: WorkerRecord): boolean => status === "running" || status === "paused";
