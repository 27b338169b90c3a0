import type { Assignment } from "../../../protocol/messages.ts";
import type { Bench } from "./bench.ts";

interface Running {
  readonly worker: number;
  readonly assignment: Assignment;
  readonly endMs: number;
}

/** Workers of one slot each that take as long as they are told, in virtual time. */
export class VirtualWorkers {
  readonly #bench: Bench;
  readonly #workers: readonly number[];
  readonly #waiting: Map<number, Assignment[]> = new Map();
  readonly #running: Map<number, Running> = new Map();

  constructor(bench: Bench, workers: readonly number[]) {
    this.#bench = bench;
    this.#workers = workers;
  }

  /** Runs everything that is assigned, and what follows from it, until nothing runs or `ended` says so. */
  run(durationMs: number, ended: (key: string) => boolean | undefined): void {
    for (;;) {
      for (const worker of this.#workers) this.#fill(worker, durationMs);
      const next = [...this.#running.values()].sort((a, b) => a.endMs - b.endMs)[0];
      if (next === undefined) return;
      this.#bench.nowMs = next.endMs;
      this.#running.delete(next.worker);
      // The slot goes on with what waits there, before the scheduler hears of it and sends more.
      this.#start(next.worker, durationMs);
      this.#bench.done(next.worker, next.assignment, durationMs);
      if (ended(next.assignment.key) === true) return;
    }
  }

  #fill(worker: number, durationMs: number): void {
    const waiting = this.#waiting.get(worker) ?? [];
    this.#waiting.set(worker, waiting);
    for (const message of this.#bench.sent(worker)) {
      if (message.op === "compute") waiting.push(message);
      if (message.op !== "give-back") continue;
      const index = waiting.findIndex(({ task, attempt }) => task === message.task && attempt === message.attempt);
      if (index < 0) continue;
      waiting.splice(index, 1);
      this.#bench.answer(worker, { op: "cancelled", task: message.task, attempt: message.attempt });
    }
    this.#start(worker, durationMs);
  }

  #start(worker: number, durationMs: number): void {
    const waiting = this.#waiting.get(worker) ?? [];
    if (this.#running.has(worker)) return;
    waiting.sort((a, b) => compare(a.priority, b.priority));
    const assignment = waiting.shift();
    if (assignment === undefined) return;
    this.#bench.answer(worker, { op: "started", task: assignment.task, attempt: assignment.attempt });
    this.#running.set(worker, { worker, assignment, endMs: this.#bench.nowMs + durationMs });
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((part, i) => part !== b[i]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
