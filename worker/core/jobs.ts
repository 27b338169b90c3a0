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
  /** Jobs that lent their slot while they waited for tasks of their own, and whether they wait still. */
  readonly #lenders: Map<number, "waiting" | "returned"> = new Map();
  #lent = 0;
  #busySlots = 0;
  #jobNumber = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  /** Negative while jobs that lent their slot have gone on before those that it was lent to have ended. */
  get freeSlots(): number {
    return this.slots - this.#busySlots + this.#lent;
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

  /** The job waits for tasks that it submitted itself, or goes on. Undefined if that changes nothing. */
  lend(number: number, lent: boolean): Job | undefined {
    const job = this.#running.get(number);
    if (job === undefined || !takesSlot(job) || this.isLent(number) === lent) return undefined;
    this.#lenders.set(number, lent ? "waiting" : "returned");
    this.#lent += lent ? 1 : -1;
    return job;
  }

  isLent(number: number): boolean {
    return this.#lenders.get(number) === "waiting";
  }

  /** It lent its slot before and goes on, maybe beside the job that the slot was lent to. */
  hasReturned(number: number): boolean {
    return this.#lenders.get(number) === "returned";
  }

  get(number: number): Job | undefined {
    return this.#running.get(number);
  }

  /** The slot confirmed the end. Undefined for a number that is not known (any more). */
  end(number: number): Job | undefined {
    const job = this.#running.get(number);
    if (job === undefined) return undefined;
    this.#running.delete(number);
    if (this.isLent(number)) this.#lent--;
    this.#lenders.delete(number);
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
