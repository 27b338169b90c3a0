import type { Clock } from "../../protocol/clock.ts";

/** Time that passes only when a test says so. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ dueMs: number; callback: () => void }>();
  readonly #waiting: (() => void)[] = [];

  now(): number {
    return this.#nowMs;
  }

  schedule(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    for (const tell of this.#waiting.splice(0)) tell();
    return () => this.#timers.delete(timer);
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Resolves once something waits for time to pass. */
  async waitForTimer(): Promise<void> {
    if (this.#timers.size === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  advance(byMs: number): void {
    this.#nowMs += byMs;
    for (const timer of [...this.#timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (timer.dueMs <= this.#nowMs && this.#timers.delete(timer)) timer.callback();
    }
  }
}

/** Lets every delay pass at once. */
export const instantClock: Clock = {
  now: () => 0,
  schedule(_delayMs, callback) {
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  },
};
