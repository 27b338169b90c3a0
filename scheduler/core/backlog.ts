import type { DurationEstimate } from "./estimates.ts";

/** Queued tasks by what is known of their duration, so that their time altogether costs as much as there are names. */
export class Backlog {
  readonly #queued: Map<DurationEstimate, number> = new Map();

  add(estimate: DurationEstimate): void {
    this.#queued.set(estimate, this.of(estimate) + 1);
  }

  remove(estimate: DurationEstimate): void {
    const left = this.of(estimate) - 1;
    if (left > 0) this.#queued.set(estimate, left);
    else this.#queued.delete(estimate);
  }

  /** How many queued tasks have this estimate. */
  of(estimate: DurationEstimate): number {
    return this.#queued.get(estimate) ?? 0;
  }

  /** How many estimates have queued tasks. */
  get size(): number {
    return this.#queued.size;
  }

  /** How long all of them are expected to take, one after another. */
  get ms(): number {
    let ms = 0;
    for (const [estimate, count] of this.#queued) ms += count * estimate.ms;
    return ms;
  }
}
