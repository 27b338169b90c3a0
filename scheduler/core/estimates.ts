/** What a task of unknown duration is taken to last, until anything is known. */
export const unknownDurationMs = 500;
/** What moving a byte is taken to cost. */
export const bandwidthBytesPerMs = 100_000;

/** The expected duration of the tasks of one name: an exponential average that halves the weight of the past with each sample. */
export class DurationEstimate {
  #averageMs: number | undefined;

  get known(): boolean {
    return this.#averageMs !== undefined;
  }

  get ms(): number {
    return this.#averageMs ?? unknownDurationMs;
  }

  sample(durationMs: number): void {
    const sane = Math.max(0, durationMs);
    this.#averageMs = this.#averageMs === undefined ? sane : 0.5 * sane + 0.5 * this.#averageMs;
  }
}
