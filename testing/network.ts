import type { Random } from "./random.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface NetworkOptions {
  /** What a frame takes at least. */
  readonly latencyMs: number;
  /** The mean of what comes on top, at random. */
  readonly jitterMs: number;
  /** How probable it is that a frame takes hundreds of milliseconds. */
  readonly slowFrames: number;
}

/** Who can reach whom, and how long it takes. */
export class Network {
  /** Chance stays out of it while this is false: every frame takes `latencyMs`. */
  random: boolean = true;
  readonly time: VirtualTime;
  readonly #options: NetworkOptions;
  readonly #dice: Random;
  readonly #cuts: Set<string> = new Set();
  readonly #waiting: Map<string, Set<() => void>> = new Map();

  constructor(time: VirtualTime, dice: Random, options: NetworkOptions) {
    this.time = time;
    this.#dice = dice;
    this.#options = options;
  }

  delayMs(): number {
    const { latencyMs, jitterMs, slowFrames } = this.#options;
    if (!this.random) return latencyMs;
    const slowMs = this.#dice.chance(slowFrames) ? this.#dice.between(50, 800) : 0;
    return latencyMs + this.#dice.exponential(jitterMs) + slowMs;
  }

  partition(a: string, b: string): void {
    this.#cuts.add(pairOf(a, b));
  }

  cut(a: string, b: string): boolean {
    return this.#cuts.has(pairOf(a, b));
  }

  /** Of one pair, or of all. What was held up arrives in its old order. */
  heal(a?: string, b?: string): void {
    const pairs = a === undefined || b === undefined ? [...this.#cuts] : [pairOf(a, b)];
    for (const pair of pairs) {
      this.#cuts.delete(pair);
      const waiting = this.#waiting.get(pair) ?? [];
      this.#waiting.delete(pair);
      for (const goOn of waiting) goOn();
    }
  }

  /** Calls back as soon as the two can reach each other: at once, if they can. Returns the way to stop waiting. */
  whenOpen(a: string, b: string, goOn: () => void): () => void {
    const pair = pairOf(a, b);
    if (!this.#cuts.has(pair)) {
      goOn();
      return () => {};
    }
    const waiting = this.#waiting.get(pair) ?? new Set();
    this.#waiting.set(pair, waiting.add(goOn));
    return () => waiting.delete(goOn);
  }
}

const pairOf = (a: string, b: string): string => (a < b ? `${a}|${b}` : `${b}|${a}`);
