import { StringDecoder } from "node:string_decoder";

/** Longer lines are cut: one line must not be able to fill the memory of whoever keeps logs. */
export const lineCharsMax: number = 16_384;

/** Cuts a stream of output into lines, without their ends. */
export class LineSplitter {
  readonly #emit: (line: string) => void;
  readonly #decoder: StringDecoder = new StringDecoder("utf8");
  #pending = "";
  #cutChars = 0;

  constructor(emit: (line: string) => void) {
    this.#emit = emit;
  }

  write(chunk: string | Uint8Array): void {
    const text = typeof chunk === "string" ? chunk : this.#decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      this.#append(text, from, end);
      this.#end();
      from = end + 1;
    }
    this.#append(text, from, text.length);
  }

  /** Emits what has no line end yet. */
  flush(): void {
    if (this.#pending !== "") this.#end();
  }

  #append(text: string, from: number, to: number): void {
    const room = lineCharsMax - this.#pending.length;
    const taken = Math.min(room, to - from);
    this.#pending += text.slice(from, from + taken);
    this.#cutChars += to - from - taken;
  }

  #end(): void {
    const line = this.#pending.endsWith("\r") ? this.#pending.slice(0, -1) : this.#pending;
    this.#emit(this.#cutChars === 0 ? line : `${line}… (${this.#cutChars} more characters were cut)`);
    this.#pending = "";
    this.#cutChars = 0;
  }
}
