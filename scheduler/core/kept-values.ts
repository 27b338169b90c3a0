import type { EncodedValue } from "../../protocol/messages.ts";

/** Arguments up to this size share a chunk; larger ones are worth memory of their own. */
const packedBytesMax = 4 * 1024;
const chunkBytes = 64 * 1024;

/** A value of one small part, in a chunk that it shares with others. */
class PackedValue {
  readonly chunk: Uint8Array;
  readonly start: number;
  readonly end: number;

  constructor(chunk: Uint8Array, start: number, end: number) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
  }
}

/** A value that is kept for long. */
export type KeptValue = PackedValue | EncodedValue;

/**
 * Values arrive as views of whole frames, and as arrays of their own two hundred bytes for a handful. Kept ones are copied
 * close together, so that a small value costs its size and a frame can go.
 */
export class KeptValues {
  #chunk: Uint8Array = new Uint8Array(0);
  #used = 0;
  #latest: PackedValue | undefined;

  keep(value: EncodedValue): KeptValue {
    const [part] = value;
    if (part === undefined) return value;
    if (value.length > 1 || part.byteLength > packedBytesMax) return value.map(ownCopy);
    // Tasks of one kind often differ in their inputs only.
    if (this.#latest !== undefined && holds(this.#latest, part)) return this.#latest;
    if (this.#used + part.byteLength > this.#chunk.byteLength) {
      this.#chunk = new Uint8Array(chunkBytes);
      this.#used = 0;
    }
    const end = this.#used + part.byteLength;
    for (let from = 0, to = this.#used; to < end; from++, to++) this.#chunk[to] = part[from] as number;
    this.#latest = new PackedValue(this.#chunk, this.#used, end);
    this.#used = end;
    return this.#latest;
  }
}

/** A part that has nearly all of its memory to itself can stay where it is. The slice of a Buffer would be no copy. */
const ownCopy = (part: Uint8Array): Uint8Array =>
  part.buffer.byteLength <= 2 * part.byteLength ? part : new Uint8Array(part);

export function unpacked(kept: KeptValue): EncodedValue {
  return kept instanceof PackedValue ? [kept.chunk.subarray(kept.start, kept.end)] : kept;
}

export function isSameValue(kept: KeptValue, value: EncodedValue): boolean {
  const [part] = value;
  if (kept instanceof PackedValue) return value.length === 1 && part !== undefined && holds(kept, part);
  return kept.length === value.length && kept.every((each, i) => isSamePart(each, value[i] as Uint8Array));
}

function holds({ chunk, start, end }: PackedValue, part: Uint8Array): boolean {
  if (end - start !== part.byteLength) return false;
  for (let i = 0; i < part.byteLength; i++) if (chunk[start + i] !== part[i]) return false;
  return true;
}

function isSamePart(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
