import type { FutureId } from "../../protocol/ids.ts";
import type { ClientRecord } from "./client-record.ts";
import { type Copies, EvenLoad } from "./copies.ts";
import { removeHolder } from "./enter.ts";
import type { SchedulerState } from "./state.ts";
import { isNeeded, type Task } from "./task.ts";
import type { WorkerRecord } from "./worker-record.ts";

/** A result that is to lie on `to`, and then no more on `from`. */
interface Move {
  readonly task: Task;
  readonly from: WorkerRecord;
  readonly to: WorkerRecord;
}

interface Order {
  readonly client: ClientRecord;
  readonly request: number;
  /** How many workers should hold each result. */
  readonly copies: Map<Task, number>;
  readonly moves: Set<Move>;
}

/**
 * Copies and moves of results at a client's wish. Nothing is taken from a worker before its copy has come elsewhere, so
 * it is safe while tasks run; a result that is freed, lost or recomputed meanwhile just drops out of the order.
 */
export class Replication {
  readonly #orders: Set<Order> = new Set();
  readonly #copies: Copies;

  constructor(copies: Copies) {
    this.#copies = copies;
  }

  replicate(client: ClientRecord, request: number, futures: readonly FutureId[], count: number): void {
    const copies = new Map<Task, number>();
    for (const future of futures) {
      const task = client.futures.get(future);
      if (task !== undefined) copies.set(task, count);
    }
    this.#orders.add({ client, request, copies, moves: new Set() });
  }

  /** Evens out what workers store: from those above the mean to those below it, the largest results first. */
  rebalance(state: SchedulerState, client: ClientRecord, request: number): void {
    const workers = [...state.workers.values()].filter((worker) => worker.status === "running");
    const mean = workers.reduce((bytes, worker) => bytes + worker.storedBytes, 0) / Math.max(1, workers.length);
    const load = new EvenLoad(workers);
    const moves = new Set<Move>();
    for (const from of workers) {
      let surplus = from.storedBytes - mean;
      const movable = [...from.holds].filter((task) => isNeeded(task)).sort((a, b) => b.resultBytes - a.resultBytes);
      for (const task of movable) {
        // Half a result too many is where a move stops to even anything out.
        if (task.resultBytes === 0 || task.resultBytes > 2 * surplus) continue;
        const fits = (to: WorkerRecord): boolean =>
          !task.holders.has(to) && to.storedBytes + task.resultBytes / 2 <= mean;
        const to = load.take(task.resultBytes, fits);
        if (to === undefined) continue;
        moves.add({ task, from, to });
        surplus -= task.resultBytes;
      }
    }
    this.#orders.add({ client, request, copies: new Map(), moves });
  }

  advance(state: SchedulerState): void {
    for (const order of this.#orders) {
      for (const [task, count] of order.copies) if (this.#hasCopies(state, task, count)) order.copies.delete(task);
      for (const move of order.moves) if (this.#hasMoved(state, move)) order.moves.delete(move);
      if (order.copies.size + order.moves.size > 0) continue;
      this.#orders.delete(order);
      if (state.clients.has(order.client.id)) state.reply(order.client, order.request, null);
    }
  }

  #hasCopies(state: SchedulerState, task: Task, count: number): boolean {
    if (isOver(task)) return true;
    // A result that is still being computed gets its copies once it is there.
    if (task.state.kind !== "memory") return false;
    const others = [...state.workers.values()].filter(
      (worker) => worker.status === "running" && !task.holders.has(worker),
    );
    const missing = Math.min(count - task.holders.size, others.length);
    const load = new EvenLoad(others);
    if (!this.#copies.isUnderWay(task)) {
      for (let i = 0; i < missing; i++) {
        const heir = load.take(Number.MAX_SAFE_INTEGER / 2);
        if (heir !== undefined) this.#copies.ask(task, heir);
      }
    }
    return missing <= 0;
  }

  #hasMoved(state: SchedulerState, { task, from, to }: Move): boolean {
    if (isOver(task) || to.gone || from.gone || !task.holders.has(from)) return true;
    if (task.holders.has(to)) {
      removeHolder(task, from);
      state.toWorker(from, { op: "free", tasks: [task.id] });
      return true;
    }
    this.#copies.ask(task, to);
    return false;
  }

  get active(): boolean {
    return this.#orders.size > 0;
  }
}

/** Nothing is left of it that could be copied. */
function isOver(task: Task): boolean {
  return task.forgotten || task.state.kind === "erred" || task.state.kind === "released";
}
