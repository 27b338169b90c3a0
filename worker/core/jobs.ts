import type { Attempt } from "./attempt.ts";
import type { RunOrder } from "./run-orders.ts";

/** What a slot is busy with. */
export type Job =
  | { readonly kind: "attempt"; readonly attempt: Attempt }
  /** `extra`: it has a place of its own and takes no slot. */
  | { readonly kind: "run"; readonly order: RunOrder; readonly extra: boolean };

/** Everything that runs here, by the number under which its slot will tell its end. */
export class Jobs {
  readonly slots: number;
  readonly #running: Map<number, Job> = new Map();
  #busySlots = 0;
  #jobNumber = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  get freeSlots(): number {
    return this.slots - this.#busySlots;
  }

  get size(): number {
    return this.#running.size;
  }

  begin(job: Job): number {
    const number = ++this.#jobNumber;
    this.#running.set(number, job);
    if (takesSlot(job)) this.#busySlots++;
    return number;
  }

  get(number: number): Job | undefined {
    return this.#running.get(number);
  }

  /** The slot confirmed the end. Undefined for a number that is not known (any more). */
  end(number: number): Job | undefined {
    const job = this.#running.get(number);
    if (job === undefined) return undefined;
    this.#running.delete(number);
    if (takesSlot(job)) this.#busySlots--;
    return job;
  }

  entries(): IterableIterator<[number, Job]> {
    return this.#running.entries();
  }
}

export function takesSlot(job: Job): boolean {
  return job.kind === "attempt" || !job.extra;
}
