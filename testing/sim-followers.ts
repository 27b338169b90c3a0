import type { Execution } from "../worker/core/effects.ts";

/** Stands for no job at all. */
const nobody = 0;

/** What was handed to slots that are taken: it waits behind what runs there, or for any slot where none may have it behind. */
export class SimFollowers<Waiting extends { readonly execution: Execution }> {
  readonly #behind: Map<number, Waiting[]> = new Map();

  /** Without a job, it waits for whatever slot becomes free. */
  add(waiting: Waiting, job: number = nobody): void {
    const others = this.#behind.get(job) ?? [];
    this.#behind.set(job, [...others, waiting]);
  }

  countBehind(job: number): number {
    return this.#behind.get(job)?.length ?? 0;
  }

  /** Whose turn it is in the slot of a job that has ended; the others wait behind that one from now on. */
  next(job: number): Waiting | undefined {
    const [first, ...others] = this.takeBack(job);
    if (first !== undefined && others.length > 0) this.#behind.set(first.execution.job, others);
    return first;
  }

  takeBack(job: number = nobody): readonly Waiting[] {
    const taken = this.#behind.get(job) ?? [];
    this.#behind.delete(job);
    return taken;
  }

  /** Whether it waited here. */
  remove(job: number): boolean {
    for (const [before, waiting] of this.#behind) {
      const others = waiting.filter(({ execution }) => execution.job !== job);
      if (others.length === waiting.length) continue;
      this.#behind.set(before, others);
      return true;
    }
    return false;
  }

  clear(): void {
    this.#behind.clear();
  }
}
