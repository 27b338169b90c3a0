/** The first wrong tokens of an address cost nothing: a mistyped one is no attack. */
const freeMax = 3;
const delayMsMin = 500;
const delayMsMax = 5_000;
/** An address is forgotten when so many others came after it. */
const addressesMax = 1_000;

interface Wrong {
  readonly count: number;
  readonly untilMs: number;
}

/** Who shows wrong tokens again and again has to wait before the next is looked at. */
export class BackOff {
  readonly #wrong: Map<string, Wrong> = new Map();

  /** How long this address still has to wait; 0: it may try. */
  waitMs(address: string, nowMs: number): number {
    return Math.max(0, (this.#wrong.get(address)?.untilMs ?? 0) - nowMs);
  }

  failed(address: string, nowMs: number): void {
    const count = (this.#wrong.get(address)?.count ?? 0) + 1;
    const delayMs = count < freeMax ? 0 : Math.min(delayMsMin * 2 ** Math.min(count - freeMax, 10), delayMsMax);
    // As the latest.
    this.#wrong.delete(address);
    this.#wrong.set(address, { count, untilMs: nowMs + delayMs });
    if (this.#wrong.size <= addressesMax) return;
    for (const oldest of this.#wrong.keys()) {
      this.#wrong.delete(oldest);
      return;
    }
  }

  succeeded(address: string): void {
    this.#wrong.delete(address);
  }
}
