/** Counts what is under way in a run: the run is over when that is nothing, or when something went wrong in the runner. */
export class WorkCount {
  /** Rejects with what a piece of work threw: a task's failure never gets here. */
  readonly idle: Promise<void>;
  #active = 0;
  #resolveIdle: () => void = () => {};
  #rejectIdle: (error: unknown) => void = () => {};

  constructor() {
    this.idle = new Promise((resolve, reject) => {
      this.#resolveIdle = resolve;
      this.#rejectIdle = reject;
    });
    // It may be rejected before anybody waits for it.
    this.idle.catch(() => {});
  }

  /** Work that is over once it calls `done`. */
  add(start: (done: () => void) => void): void {
    this.#active += 1;
    this.guard(() => start(() => this.#finishOne()));
  }

  /** Work that is over once its promise settles. */
  addAsync(body: () => Promise<void>): void {
    this.#active += 1;
    body().then(
      () => this.#finishOne(),
      (error: unknown) => this.#rejectIdle(error),
    );
  }

  /** What throws here is no task's fault: it ends the run. */
  guard(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#rejectIdle(error);
    }
  }

  /** The run is over, whatever is still under way. */
  end(): void {
    this.#resolveIdle();
  }

  #finishOne(): void {
    this.#active -= 1;
    if (this.#active === 0) this.#resolveIdle();
  }
}
