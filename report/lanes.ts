/** What runs side by side on one worker may overlap by so much and still share a lane: clocks are read in whole milliseconds. */
const slackMs = 1;

/**
 * Puts spans, given by start, into as few lanes as hold them without overlap. A new lane beyond `slots` is opened only
 * for an overlap that is more than an inaccuracy of clocks.
 */
export class Lanes {
  readonly #slots: number;
  readonly #freeAtMs: number[] = [];

  constructor(slots: number) {
    this.#slots = slots;
  }

  get count(): number {
    return this.#freeAtMs.length;
  }

  place(startMs: number, endMs: number): number {
    let lane = this.#freeAtMs.findIndex((freeAtMs) => freeAtMs <= startMs);
    if (lane < 0 && this.#freeAtMs.length >= this.#slots) {
      lane = this.#freeAtMs.findIndex((freeAtMs) => freeAtMs <= startMs + slackMs);
    }
    if (lane < 0) lane = this.#freeAtMs.length;
    this.#freeAtMs[lane] = Math.max(endMs, this.#freeAtMs[lane] ?? 0);
    return lane;
  }
}
