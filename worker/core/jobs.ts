import type { Attempt } from "./attempt.ts";
import type { RunOrder } from "./run-orders.ts";

/** What a slot is busy with. */
export type Job =
  /** `brief`: others may be handed to its slot behind it, as it may have been behind others. */
  | { readonly kind: "attempt"; readonly attempt: Attempt; brief: boolean }
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
  #brief = 0;
  #jobNumber = 0;

  constructor(slots: number) {
    this.slots = slots;
  }

  /** How many slots have no job that takes long, or one that lends its slot: brief jobs may share each of them. */
  get shareableSlots(): number {
    return this.slots - (this.#busySlots - this.#brief) + this.#lent;
  }

  /** How many jobs are brief as far as anybody knows. */
  get brief(): number {
    return this.#brief;
  }

  /** Negative while brief jobs share slots, and while jobs that lent their slot have gone on before those that it was lent to have ended. */
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
    if (isBrief(job)) this.#brief++;
    return number;
  }

  /** It takes longer than was expected of it. */
  takesLong(number: number): void {
    const job = this.#running.get(number);
    if (job === undefined || !isBrief(job)) return;
    job.brief = false;
    this.#brief--;
  }

  /** The job waits for tasks that it submitted itself, or goes on. Undefined if that changes nothing. */
  lend(number: number, lent: boolean): Job | undefined {
    const job = this.#running.get(number);
    if (job === undefined || !takesSlot(job) || this.isLent(number) === lent) return undefined;
    this.takesLong(number);
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
    if (isBrief(job)) this.#brief--;
    return job;
  }

  entries(): IterableIterator<[number, Job]> {
    return this.#running.entries();
  }
}

function isBrief(job: Job): job is Job & { kind: "attempt" } {
  return job.kind === "attempt" && job.brief;
}

export function takesSlot(job: Job): boolean {
  return job.kind === "attempt" || !job.extra;
}
