import type { ScalingDecision, WorkerChangeEvent } from "../protocol/record.ts";
import type { Interner } from "./interner.ts";
import { cut, type ResolvedLimits } from "./limits.ts";
import { Rolling } from "./rolling.ts";

/** A time during which a worker was there. */
interface Presence {
  readonly fromMs: number;
  untilMs: number;
  readonly slots: number;
}

/** What is known of one worker. */
export interface KnownWorker {
  last: WorkerChangeEvent;
  readonly presences: Presence[];
}

/** Who was there, when, and what scaling wanted. */
export class FleetRecord {
  /** By the workers' numbers; a worker that did something but of which nothing was told has none. */
  readonly known: KnownWorker[] = [];
  readonly changes: Rolling<"atMs" | "live", "worker" | "change" | "reason">;
  readonly scaling: Rolling<"atMs" | "live" | "requested" | "target", "reason">;
  peak = 0;
  lost = 0;
  readonly #workers: Interner;
  #live = 0;

  constructor(limits: ResolvedLimits, workers: Interner) {
    this.#workers = workers;
    this.changes = new Rolling(limits.changesMax, ["atMs", "live"], ["worker", "change", "reason"]);
    this.scaling = new Rolling(limits.changesMax, ["atMs", "live", "requested", "target"], ["reason"]);
  }

  addChange(event: WorkerChangeEvent): void {
    const { atMs, change } = event;
    const number = this.#workers.numberOf(event.worker);
    let worker = this.known[number];
    if (worker === undefined) {
      worker = { last: event, presences: [] };
      this.known[number] = worker;
    }
    worker.last = event;
    const present = worker.presences.at(-1);
    const isThere = present !== undefined && present.untilMs === Number.POSITIVE_INFINITY;
    if (change === "left" || change === "lost") {
      if (isThere) this.#end(present, atMs);
      if (change === "lost") this.lost++;
    } else if (!isThere) {
      worker.presences.push({ fromMs: atMs, untilMs: Number.POSITIVE_INFINITY, slots: event.slots });
      this.#live++;
      this.peak = Math.max(this.peak, this.#live);
    }
    this.changes.add({ atMs, live: this.#live }, { worker: event.worker, change, reason: cut(event.reason) });
  }

  addDecision({ atMs, live, requested, target, reason }: ScalingDecision): void {
    this.scaling.add({ atMs, live, requested, target }, { reason: cut(reason) });
  }

  /** Time of a worker's slots between two moments. */
  slotMs(worker: number, startMs: number, endMs: number): number {
    let sumMs = 0;
    for (const { fromMs, untilMs, slots } of this.known[worker]?.presences ?? []) {
      sumMs += slots * Math.max(0, Math.min(untilMs, endMs) - Math.max(fromMs, startMs));
    }
    return sumMs;
  }

  #end(presence: Presence, atMs: number): void {
    presence.untilMs = atMs;
    this.#live--;
  }
}
