import type { Future } from "./future.ts";

/** How far a set of futures has come. `total` = `done` + `failed` + `pending`. */
export interface ProgressCounts {
  readonly total: number;
  /** Finished with a result. */
  readonly done: number;
  /** Failed, cancelled or lost. */
  readonly failed: number;
  readonly pending: number;
}

/**
 * Counts futures as they end. Iterating it gives the counts at once and after changes, at most once a turn of the event
 * loop, until none is pending.
 */
export class Progress implements ProgressCounts, AsyncIterable<ProgressCounts> {
  readonly #futures: ReadonlySet<Future<unknown>>;
  readonly #listeners = new Set<(counts: ProgressCounts) => void>();
  #announcing = false;

  constructor(futures: Iterable<Future<unknown>>) {
    this.#futures = new Set(futures);
    for (const future of this.#futures) future.onDone(() => this.#announce());
  }

  get total(): number {
    return this.#futures.size;
  }

  get done(): number {
    return this.counts().done;
  }

  get failed(): number {
    return this.counts().failed;
  }

  get pending(): number {
    return this.counts().pending;
  }

  /** All counts of one moment. */
  counts(): ProgressCounts {
    const counts = { total: this.#futures.size, done: 0, failed: 0, pending: 0 };
    for (const { status } of this.#futures) {
      if (status === "pending") counts.pending++;
      else if (status === "finished") counts.done++;
      else counts.failed++;
    }
    return counts;
  }

  /** Calls back after changes. Returns the way to stop that. */
  onChange(listener: (counts: ProgressCounts) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ProgressCounts, void, void> {
    let news: ProgressCounts | undefined = this.counts();
    let wake: (() => void) | undefined;
    const stop = this.onChange((counts) => {
      news = counts;
      wake?.();
    });
    try {
      for (;;) {
        if (news === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        const counts = news ?? this.counts();
        news = undefined;
        yield counts;
        if (counts.pending === 0) return;
      }
    } finally {
      stop();
    }
  }

  #announce(): void {
    if (this.#announcing) return;
    this.#announcing = true;
    setImmediate(() => {
      this.#announcing = false;
      const counts = this.counts();
      for (const listener of [...this.#listeners]) listener(counts);
    });
  }
}

/** Follows how far these futures have come. */
export function progress(futures: Iterable<Future<unknown>>): Progress {
  return new Progress(futures);
}
