/** Turns epoch times into times since the run began. */
export class Timeline {
  readonly #startMs: number;

  constructor(startMs: number) {
    this.#startMs = startMs;
  }

  /** To about a microsecond; what is finer than any clock would only make the file larger. */
  since(epochMs: Float64Array): Float64Array {
    return epochMs.map((ms) => Math.round((ms - this.#startMs) * 1_024) / 1_024);
  }
}
