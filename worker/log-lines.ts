/** The last lines that a process said, so that a long life does not fill the memory. */
export class LogLines {
  readonly #countMax: number;
  readonly #lines: string[] = [];

  constructor(countMax: number = 1000) {
    this.#countMax = countMax;
  }

  add(line: string): void {
    this.#lines.push(line);
    // Cutting in batches keeps the cost of one line constant.
    if (this.#lines.length >= 2 * this.#countMax) this.#lines.splice(0, this.#lines.length - this.#countMax);
  }

  /** Oldest first. */
  last(): string[] {
    return this.#lines.slice(-this.#countMax);
  }
}
