import { fitted, widthOf } from "./line-width.ts";

/** A terminal, or a test's list. */
export interface Screen {
  readonly write: (text: string) => void;
  /** How much fits on it at this moment. */
  readonly columns: () => number;
  readonly rows: () => number;
}

/**
 * Lines at the end of a terminal's output that are drawn over and over. The cursor always rests below them and is never
 * hidden, so that whatever ends the process leaves a terminal that can be used.
 */
export class LiveBlock {
  readonly #screen: Screen;
  /** As they were drawn last; empty while nothing is to be seen. */
  #drawn: readonly string[] = [];

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Replaces what is to be seen. Lines that are too long are cut, and what is too high is left out. */
  draw(lines: readonly string[], paint: (line: string, index: number) => string = (line) => line): void {
    const { columns, rows, write } = this.#screen;
    // The last column stays free: some terminals go to the next line as soon as it is written to.
    const shown = lines.slice(0, Math.max(1, rows() - 1)).map((line) => fitted(line, Math.max(1, columns() - 1)));
    const text = shown.map((line, index) => `${paint(line, index)}\n`).join("");
    write(`${this.#back()}${text}`);
    this.#drawn = shown;
  }

  /** Takes the lines away; what is written next stands in their place. */
  clear(): void {
    if (this.#drawn.length > 0) this.#screen.write(this.#back());
    this.#drawn = [];
  }

  /** To where the first line begins, and empties the screen from there on. */
  #back(): string {
    if (this.#drawn.length === 0) return "";
    // In a terminal that has become narrower, a line that was drawn before takes several.
    const columns = Math.max(1, this.#screen.columns());
    const height = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
    return `\u001b[${height}A\r\u001b[J`;
  }
}
