import { nameCharsMax } from "./limits.ts";
import type { Attach } from "./packing.ts";

/** Longer texts are no names, and few names are as long. */
const wordCharsMax = 512;
/** How many words either end of a connection remembers. */
const wordsMax = 4_096;
const scratchBytes = 64 * 1024;

/** Writes the fields of compact messages one after the other. What was taken last is valid until the next frame is begun. */
export class CompactWriter {
  /** Words that the other end knows by their number. */
  readonly #words: Map<string, number> = new Map();
  #buffer: Buffer = Buffer.allocUnsafeSlow(scratchBytes);
  #start = 0;
  #end = 0;
  #attach: Attach = () => undefined;

  /** A new frame: its large binaries go to `attach`. */
  begin(attach: Attach): void {
    this.#attach = attach;
    if (this.#buffer.byteLength > 64 * scratchBytes) this.#buffer = Buffer.allocUnsafeSlow(scratchBytes);
    this.#start = 0;
    this.#end = 0;
  }

  /** What was written since the frame was begun, or since this was called last. */
  take(): Uint8Array {
    const bytes = this.#buffer.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return bytes;
  }

  /** A whole number from 0 to 2⁵³ − 1, in seven bits a byte, the low ones first. */
  uint(value: number): void {
    // It would be written over more bytes than are reserved, and no reader takes it.
    if (value > Number.MAX_SAFE_INTEGER) throw new Error(`${value} is too large a number`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.#end++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#end++] = rest;
  }

  flag(value: boolean): void {
    this.uint(value ? 1 : 0);
  }

  float(value: number): void {
    this.#reserve(8);
    this.#end = this.#buffer.writeDoubleLE(value, this.#end);
  }

  text(text: string): void {
    // The length in bytes comes first and is known last; it takes as much room as it might need.
    const lengthBytes = text.length * 3 < 0x80 ? 1 : 5;
    this.#reserve(text.length * 3 + lengthBytes);
    const bytes = this.#buffer.write(text, this.#end + lengthBytes);
    let rest = bytes;
    for (let i = 1; i < lengthBytes; i++) {
      this.#buffer[this.#end++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.#end++] = rest;
    this.#end += bytes;
  }

  /** A text that comes again and again: it is sent once. */
  word(text: string): void {
    const known = this.#words.get(text);
    if (known !== undefined) return this.uint(known + 1);
    this.uint(0);
    this.text(text);
    if (text.length <= wordCharsMax && this.#words.size < wordsMax) this.#words.set(text, this.#words.size);
  }

  /** Zero before a binary that travels beside the frame's messages, else its length + 1. */
  bytes(bytes: Uint8Array): void {
    const index = this.#attach(bytes);
    if (index !== undefined) {
      this.uint(0);
      return this.uint(index);
    }
    this.uint(bytes.byteLength + 1);
    this.#reserve(bytes.byteLength);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.byteLength;
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#buffer.byteLength) return;
    const written = this.#end - this.#start;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#buffer.byteLength, written + bytes));
    this.#buffer.copy(larger, 0, this.#start, this.#end);
    this.#buffer = larger;
    this.#start = 0;
    this.#end = written;
  }
}

/** Reads what a `CompactWriter` wrote, and trusts none of it: whatever is not there is an error. */
export class CompactReader {
  readonly #words: string[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #attachments: readonly Buffer[] = [];

  /** Goes on with these bytes; they belong to a frame with these attachments. */
  begin(bytes: Uint8Array, attachments: readonly Buffer[]): void {
    this.#buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#attachments = attachments;
  }

  get atEnd(): boolean {
    return this.#at === this.#buffer.byteLength;
  }

  uint(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte - 0x80;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = this.#byte();
      value += (byte % 0x80) * scale;
      if (!Number.isSafeInteger(value)) throw new Error("a number is too large");
    }
    return value;
  }

  flag(): boolean {
    return this.uint() !== 0;
  }

  float(): number {
    const at = this.#take(8);
    return this.#buffer.readDoubleLE(at);
  }

  /** A number that is none is no number to reckon with. */
  finite(): number {
    const value = this.float();
    if (!Number.isFinite(value)) throw new Error("a number is not finite");
    return value;
  }

  text(): string {
    const bytes = this.uint();
    // A character takes up to three bytes.
    if (bytes > 3 * nameCharsMax) throw new Error("a text is too long");
    const at = this.#take(bytes);
    const text = this.#buffer.toString("utf8", at, at + bytes);
    if (text.length > nameCharsMax) throw new Error("a text is too long");
    return text;
  }

  /** How many items follow, each of which takes a byte at least. */
  count(): number {
    const items = this.uint();
    if (items > this.#buffer.byteLength - this.#at) throw new Error("it ends too early");
    return items;
  }

  word(): string {
    const number = this.uint();
    if (number > 0) {
      const known = this.#words[number - 1];
      if (known === undefined) throw new Error(`word ${number} was never sent`);
      return known;
    }
    const text = this.text();
    if (text.length <= wordCharsMax && this.#words.length < wordsMax) this.#words.push(text);
    return text;
  }

  /** A view of what arrived: whoever keeps it for long keeps a copy. */
  bytes(): Uint8Array {
    const length = this.uint();
    if (length === 0) {
      const attachment = this.#attachments[this.uint()];
      if (attachment === undefined) throw new Error("an attachment is not there");
      return attachment;
    }
    const at = this.#take(length - 1);
    return this.#buffer.subarray(at, at + length - 1);
  }

  #byte(): number {
    const byte = this.#buffer[this.#at];
    if (byte === undefined) throw new Error("it ends too early");
    this.#at++;
    return byte;
  }

  #take(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#buffer.byteLength) throw new Error("it ends too early");
    this.#at = at + bytes;
    return at;
  }
}
