import { type Attempt, comparePriorities } from "./attempt.ts";
import { Heap } from "./heap.ts";
import type { Quantities } from "./resource-budget.ts";

interface ResourceClass {
  readonly resources: Quantities;
  readonly attempts: Heap<Attempt>;
}

/** The order in which ready attempts run: by priority, then last in, first out. */
export function compareAttempts(a: Attempt, b: Attempt): number {
  return comparePriorities(a.assignment.priority, b.assignment.priority) || b.sequence - a.sequence;
}

/**
 * Attempts that only lack a slot. Kept apart by what they consume, so that those whose resources are taken are passed over
 * as a class and never one by one.
 */
export class ReadyQueue {
  readonly #classes: Map<string, ResourceClass> = new Map();

  add(attempt: Attempt): void {
    const { resources } = attempt.assignment;
    const signature = signatureOf(resources);
    let found = this.#classes.get(signature);
    if (found === undefined) {
      found = { resources, attempts: new Heap(compareAttempts) };
      this.#classes.set(signature, found);
    }
    found.attempts.push(attempt);
  }

  delete(attempt: Attempt): void {
    const signature = signatureOf(attempt.assignment.resources);
    const found = this.#classes.get(signature);
    found?.attempts.delete(attempt);
    if (found?.attempts.size === 0) this.#classes.delete(signature);
  }

  /** Takes out the first attempt whose resources are free. */
  take(fits: (resources: Quantities) => boolean): Attempt | undefined {
    const best = this.peek(fits);
    if (best !== undefined) this.delete(best);
    return best;
  }

  peek(fits: (resources: Quantities) => boolean): Attempt | undefined {
    let best: Attempt | undefined;
    for (const { resources, attempts } of this.#classes.values()) {
      const first = attempts.peek();
      if (first === undefined || !fits(resources)) continue;
      if (best === undefined || compareAttempts(first, best) < 0) best = first;
    }
    return best;
  }

  has(attempt: Attempt): boolean {
    return this.#classes.get(signatureOf(attempt.assignment.resources))?.attempts.has(attempt) ?? false;
  }

  get size(): number {
    let size = 0;
    for (const { attempts } of this.#classes.values()) size += attempts.size;
    return size;
  }

  clear(): void {
    this.#classes.clear();
  }
}

function signatureOf(resources: Quantities): string {
  const entries = Object.entries(resources).filter(([, amount]) => amount > 0);
  if (entries.length === 0) return "";
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
