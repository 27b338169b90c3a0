/** The last things that happened, for the text of an invariant violation. Bounded, so that it costs the same on the millionth event. */
export class Story {
  readonly #lines: string[];
  readonly #limit: number;
  #next = 0;

  constructor(limit = 256) {
    this.#limit = limit;
    this.#lines = [];
  }

  tell(line: string): void {
    this.#lines[this.#next % this.#limit] = line;
    this.#next++;
  }

  /** The remembered lines that mention `word`, oldest first; all of them without a word. */
  about(word?: string): string[] {
    const start = Math.max(0, this.#next - this.#limit);
    const lines: string[] = [];
    for (let i = start; i < this.#next; i++) {
      const line = this.#lines[i % this.#limit] as string;
      if (word === undefined || line.includes(word)) lines.push(line);
    }
    return lines;
  }
}
