import { type ColumnType, headOffset } from "../packed.ts";
import type { ReportData, Texts } from "../report-data.ts";

const decoder = new TextDecoder();

/** Many texts that stay as bytes until somebody asks for one. */
class PackedTexts implements Texts {
  readonly length: number;
  readonly #ends: Uint32Array;
  readonly #bytes: Uint8Array;

  constructor(ends: Uint32Array, bytes: Uint8Array) {
    this.#ends = ends;
    this.#bytes = bytes;
    this.length = ends.length;
  }

  at(index: number): string | undefined {
    const end = this.#ends[index];
    if (end === undefined) return undefined;
    return decoder.decode(this.#bytes.subarray(index === 0 ? 0 : this.#ends[index - 1], end));
  }
}

/** The inverse of `packReport`. Columns are views of the buffer. */
export function unpackReport(buffer: ArrayBuffer): ReportData {
  const headBytes = new DataView(buffer).getUint32(0, true);
  const base = headOffset + Math.ceil(headBytes / 8) * 8;
  const column = (type: ColumnType, offset: number, length: number) => {
    const at = base + offset;
    switch (type) {
      case "u8":
        return new Uint8Array(buffer, at, length);
      case "u32":
        return new Uint32Array(buffer, at, length);
      case "i32":
        return new Int32Array(buffer, at, length);
      case "f64":
        return new Float64Array(buffer, at, length);
    }
  };
  const head = decoder.decode(new Uint8Array(buffer, headOffset, headBytes));
  return JSON.parse(head, (_, value: unknown) => {
    if (value === null) return Number.NaN;
    if (typeof value !== "object") return value;
    if ("$column" in value) return column(...(value.$column as [ColumnType, number, number]));
    if ("$texts" in value) {
      const [endsAt, bytesAt, count] = value.$texts as [number, number, number];
      const ends = new Uint32Array(buffer, base + endsAt, count);
      return new PackedTexts(ends, new Uint8Array(buffer, base + bytesAt, ends[count - 1] ?? 0));
    }
    return value;
  }) as ReportData;
}
