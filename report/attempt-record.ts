import type { AttemptEvent } from "../protocol/record.ts";
import { IdSet } from "./id-set.ts";
import type { Interner } from "./interner.ts";
import { cut, type ResolvedLimits } from "./limits.ts";
import { fates } from "./report-data.ts";
import { Rolling } from "./rolling.ts";

const fateNumber: Readonly<Record<AttemptEvent["fate"], number>> = { done: 0, failed: 1, cancelled: 2, lost: 3 };

/** Counted over all attempts of one name. */
export interface NameTotals {
  /** By the fate's number. */
  readonly fates: number[];
  totalMs: number;
  bytes: number;
  minMs: number;
  maxMs: number;
}

/** The attempts: totals of all, and the last of them one by one. */
export class AttemptRecord {
  readonly kept: Rolling<
    "task" | "attempt" | "worker" | "name" | "fate" | "startMs" | "endMs" | "bytes",
    "key" | "message"
  >;
  /** Of each that is kept. */
  readonly deps: (readonly number[])[] = [];
  readonly byName: NameTotals[] = [];
  /** By worker. */
  readonly counts: number[] = [];
  readonly busyMs: number[] = [];
  total = 0;
  retries = 0;
  /** Tasks that have a result, or had one. */
  tasksDone = 0;
  depsDropped = 0;
  readonly #names: Interner;
  readonly #workers: Interner;
  readonly #depsMax: number;
  readonly #attempted: IdSet = new IdSet();
  readonly #done: IdSet = new IdSet();
  #depsKept = 0;

  constructor(limits: ResolvedLimits, names: Interner, workers: Interner) {
    this.kept = new Rolling(
      limits.attemptsMax,
      ["task", "attempt", "worker", "name", "fate", "startMs", "endMs", "bytes"],
      ["key", "message"],
    );
    this.#depsMax = limits.depsMax;
    this.#names = names;
    this.#workers = workers;
  }

  add(event: AttemptEvent): void {
    const { task, attempt, startMs, bytes } = event;
    const name = this.#names.numberOf(event.name);
    const worker = this.#workers.numberOf(event.worker);
    const fate = fateNumber[event.fate];
    // Clocks are set back now and then.
    const endMs = Math.max(startMs, event.endMs);
    this.#count(name, worker, fate, endMs - startMs, bytes);
    if (!this.#attempted.add(task)) this.retries++;
    if (event.fate === "done" && this.#done.add(task)) this.tasksDone++;
    const droppedBefore = this.kept.dropped;
    this.kept.add(
      { task, attempt, worker, name, fate, startMs, endMs, bytes },
      { key: cut(event.key), message: cut(event.message) },
    );
    const gone = this.kept.dropped - droppedBefore;
    if (gone > 0) for (const deps of this.deps.splice(0, gone)) this.#depsKept -= deps.length;
    this.#addDeps(event.deps);
  }

  #count(name: number, worker: number, fate: number, durationMs: number, bytes: number): void {
    this.total++;
    this.counts[worker] = (this.counts[worker] ?? 0) + 1;
    this.busyMs[worker] = (this.busyMs[worker] ?? 0) + durationMs;
    let totals = this.byName[name];
    if (totals === undefined) {
      totals = { fates: fates.map(() => 0), totalMs: 0, bytes: 0, minMs: Number.POSITIVE_INFINITY, maxMs: 0 };
      this.byName[name] = totals;
    }
    totals.fates[fate] = (totals.fates[fate] ?? 0) + 1;
    totals.totalMs += durationMs;
    totals.bytes += bytes;
    if (fate !== fateNumber.done) return;
    totals.minMs = Math.min(totals.minMs, durationMs);
    totals.maxMs = Math.max(totals.maxMs, durationMs);
  }

  #addDeps(deps: readonly number[]): void {
    if (this.#depsKept + deps.length > this.#depsMax) {
      this.depsDropped += deps.length;
      this.deps.push([]);
    } else {
      this.#depsKept += deps.length;
      this.deps.push(deps);
    }
  }
}
