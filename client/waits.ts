/**
 * Tells when code waits for futures and when it waits for none of them any more. It is told late of the beginning, so that
 * waits which end at once, and work that goes on in the same turn of the event loop, do not count; and at once of the end.
 */
export class Waits {
  readonly #onChange: (waiting: boolean) => void;
  #count = 0;
  #told = false;

  constructor(onChange: (waiting: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Waits may overlap. */
  async during<T>(promise: Promise<T>): Promise<T> {
    this.#count += 1;
    if (this.#count === 1) setImmediate(() => this.#tell());
    try {
      return await promise;
    } finally {
      this.#count -= 1;
      this.#tell();
    }
  }

  #tell(): void {
    const waiting = this.#count > 0;
    if (waiting === this.#told) return;
    // Another wait than the one that is told of may just have begun, which only makes it count a little earlier.
    this.#told = waiting;
    this.#onChange(waiting);
  }
}
