/** No task has ended for too long. */
export class Hang extends Error {
  override name: string = "Hang";
}

/** Barks when nothing was heard of for `patienceMs`. */
export class Watchdog {
  /** Rejects with a Hang. */
  readonly barked: Promise<never>;
  readonly #timer: NodeJS.Timeout;
  #lastMs: number = performance.now();

  constructor(patienceMs: number) {
    let bark: (error: Hang) => void;
    this.barked = new Promise((_, reject) => {
      bark = reject;
    });
    this.barked.catch(() => undefined);
    this.#timer = setInterval(() => {
      const quietMs = performance.now() - this.#lastMs;
      if (quietMs > patienceMs) bark(new Hang(`nothing has ended for ${Math.round(quietMs / 1000)} s`));
    }, 1_000);
  }

  /** Something has come to its end. */
  pat(): void {
    this.#lastMs = performance.now();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
