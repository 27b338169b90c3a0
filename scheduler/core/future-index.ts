import type { FutureId } from "../../protocol/ids.ts";
import type { TaskSpec } from "../../protocol/messages.ts";

/** How much wider than their count the range of the numbers may be for a list by number to be worth it. */
const spreadMax = 4;

/** Where in a submission the task of a future stands. Clients number futures one after the other, so mostly a list will do. */
export class FutureIndex {
  readonly #first: number;
  /** Index + 1 by number; undefined: the numbers are too far apart. */
  readonly #list: Uint32Array | undefined;
  readonly #map: Map<FutureId, number> = new Map();

  constructor(tasks: readonly TaskSpec[]) {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const { future } of tasks) {
      if (future < first) first = future;
      if (future > last) last = future;
    }
    this.#first = first;
    const range = tasks.length === 0 ? 0 : last - first + 1;
    this.#list = range <= spreadMax * tasks.length ? new Uint32Array(range) : undefined;
  }

  /** False: the future stands for another task already. */
  add(future: FutureId, index: number): boolean {
    if (this.get(future) !== undefined) return false;
    if (this.#list !== undefined) this.#list[future - this.#first] = index + 1;
    else this.#map.set(future, index);
    return true;
  }

  get(future: FutureId): number | undefined {
    if (this.#list === undefined) return this.#map.get(future);
    const found = this.#list[future - this.#first];
    return found === undefined || found === 0 ? undefined : found - 1;
  }
}
