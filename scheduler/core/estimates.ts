/** What a task of unknown duration is taken to last, until anything is known. */
export const unknownDurationMs = 500;

/**
 * The expected duration of the tasks of one name: an exponential average that halves the weight of the past with each
 * sample (dask.distributed's rule). A task that runs past twice the average shows that the average means nothing: until
 * the next end it is unknown again.
 */
export class DurationEstimate {
  /** How many queued tasks have it; kept by `Backlog`. */
  queued = 0;
  #averageMs: number | undefined;
  #longestMs = 0;

  get known(): boolean {
    return this.#averageMs !== undefined;
  }

  get ms(): number {
    return this.#averageMs ?? (this.#longestMs > 0 ? 2 * this.#longestMs : unknownDurationMs);
  }

  sample(durationMs: number): void {
    const sane = Math.max(0, durationMs);
    this.#longestMs = Math.max(this.#longestMs, sane);
    this.#averageMs = this.#averageMs === undefined ? sane : 0.5 * sane + 0.5 * this.#averageMs;
  }

  /** A task has been running for so long, and has not ended. */
  stillRunning(elapsedMs: number): void {
    if (this.#averageMs === undefined || elapsedMs <= 2 * this.#averageMs) return;
    this.#averageMs = undefined;
    this.#longestMs = Math.max(this.#longestMs, elapsedMs);
  }
}
