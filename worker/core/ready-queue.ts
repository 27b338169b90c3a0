import { type Attempt, comparePriorities } from "./attempt.ts";
import { Heap } from "./heap.ts";
import type { Quantities } from "./resource-budget.ts";

/** Attempts of one run that consume the same. */
interface ReadyClass {
  readonly run: string;
  readonly resources: Quantities;
  readonly attempts: Heap<Attempt>;
}

/** The order in which ready attempts of one run start: by priority, then last in, first out. */
export function compareAttempts(a: Attempt, b: Attempt): number {
  return comparePriorities(a.assignment.priority, b.assignment.priority) || b.sequence - a.sequence;
}

/**
 * Attempts that only lack a slot. Kept apart by what they consume, so that those whose resources are taken are passed over
 * as a class and never one by one. Runs take turns: how many of each come here is the scheduler's to decide, and a run
 * that came earlier must not go first for as long as more of it comes.
 */
export class ReadyQueue {
  readonly #classes: Map<string, ReadyClass> = new Map();
  /** When each run last had a turn. One that has nothing here is forgotten. */
  readonly #turns: Map<string, number> = new Map();
  #turn = 0;

  add(attempt: Attempt): void {
    const { resources, run } = attempt.assignment;
    const signature = signatureOf(attempt);
    let found = this.#classes.get(signature);
    if (found === undefined) {
      found = { run, resources, attempts: new Heap(compareAttempts) };
      this.#classes.set(signature, found);
    }
    found.attempts.push(attempt);
  }

  delete(attempt: Attempt): void {
    const signature = signatureOf(attempt);
    const found = this.#classes.get(signature);
    found?.attempts.delete(attempt);
    if (found?.attempts.size !== 0) return;
    this.#classes.delete(signature);
    for (const { run } of this.#classes.values()) if (run === found.run) return;
    this.#turns.delete(found.run);
  }

  /** Takes out the first attempt whose resources are free. */
  take(fits: (resources: Quantities) => boolean): Attempt | undefined {
    const best = this.peek(fits);
    if (best === undefined) return undefined;
    this.#turn++;
    this.#turns.set(best.assignment.run, this.#turn);
    this.delete(best);
    return best;
  }

  peek(fits: (resources: Quantities) => boolean): Attempt | undefined {
    let best: Attempt | undefined;
    for (const { resources, attempts } of this.#classes.values()) {
      const first = attempts.peek();
      if (first === undefined || !fits(resources)) continue;
      if (best === undefined || this.#compare(first, best) < 0) best = first;
    }
    return best;
  }

  has(attempt: Attempt): boolean {
    return this.#classes.get(signatureOf(attempt))?.attempts.has(attempt) ?? false;
  }

  get size(): number {
    let size = 0;
    for (const { attempts } of this.#classes.values()) size += attempts.size;
    return size;
  }

  clear(): void {
    this.#classes.clear();
    this.#turns.clear();
  }

  #compare(a: Attempt, b: Attempt): number {
    const turns = (this.#turns.get(a.assignment.run) ?? 0) - (this.#turns.get(b.assignment.run) ?? 0);
    return a.assignment.run === b.assignment.run ? compareAttempts(a, b) : turns || compareAttempts(a, b);
  }
}

function signatureOf({ assignment: { run, resources } }: Attempt): string {
  const entries = Object.entries(resources).filter(([, amount]) => amount > 0);
  if (entries.length === 0) return run;
  return JSON.stringify([run, entries.sort(([a], [b]) => (a < b ? -1 : 1))]);
}
