import type { DurationEstimate } from "./estimates.ts";

/** Queued tasks by what is known of their duration, so that their time altogether costs as much as there are names. */
export class Backlog {
  /** Those that have queued tasks. */
  readonly #estimates: Set<DurationEstimate> = new Set();

  add(estimate: DurationEstimate): void {
    estimate.queued++;
    if (estimate.queued === 1) this.#estimates.add(estimate);
  }

  remove(estimate: DurationEstimate): void {
    estimate.queued--;
    if (estimate.queued === 0) this.#estimates.delete(estimate);
  }

  /** How many queued tasks have this estimate. */
  of(estimate: DurationEstimate): number {
    return this.#estimates.has(estimate) ? estimate.queued : 0;
  }

  /** How many estimates have queued tasks. */
  get size(): number {
    return this.#estimates.size;
  }

  /** How long all of them are expected to take, one after another. */
  get ms(): number {
    let ms = 0;
    for (const estimate of this.#estimates) ms += estimate.queued * estimate.ms;
    return ms;
  }
}
