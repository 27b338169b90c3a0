import type { ReportData, Texts } from "./report-data.ts";

// How a report's data lies in its file: a JSON head, and behind it the columns as they are in memory, each on a multiple of
// 8 bytes. In the head `{"$column": [type, offset, length]}` stands for an array of numbers, `{"$texts": [offset, length,
// count]}` for many texts, which are one UTF-8 text and the ends of each in it. JSON has no NaN; null stands for it.

export const columnTypes = { u8: 1, u32: 4, i32: 4, f64: 8 } as const;
export type ColumnType = keyof typeof columnTypes;

/** Fewer texts than this stay in the head. */
const textsMin = 65;

/** Bytes of the head's own length, and of what fills it up. */
export const headOffset = 8;

const encoder = new TextEncoder();

export function packReport(data: ReportData): Uint8Array {
  const parts: Uint8Array[] = [];
  let offset = 0;
  const append = (bytes: Uint8Array): number => {
    const at = offset;
    parts.push(bytes);
    offset += Math.ceil(bytes.byteLength / 8) * 8;
    return at;
  };
  const head = JSON.stringify(data, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) {
      const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
      return { $column: [typeOf(value), append(bytes), bytes.byteLength / columnTypes[typeOf(value)]] };
    }
    if (!isManyTexts(value)) return value;
    const encoded = value.map((text) => encoder.encode(text));
    const ends = new Uint32Array(encoded.length);
    let end = 0;
    encoded.forEach((bytes, index) => {
      end += bytes.byteLength;
      ends[index] = end;
    });
    const endsAt = append(new Uint8Array(ends.buffer));
    const bytes = new Uint8Array(end);
    encoded.forEach((text, index) => {
      bytes.set(text, (ends[index] as number) - text.byteLength);
    });
    return { $texts: [endsAt, append(bytes), encoded.length] };
  });
  return join(encoder.encode(head), parts, offset);
}

function join(head: Uint8Array, parts: readonly Uint8Array[], columnBytes: number): Uint8Array {
  let at = headOffset + Math.ceil(head.byteLength / 8) * 8;
  const whole = new Uint8Array(at + columnBytes);
  new DataView(whole.buffer).setUint32(0, head.byteLength, true);
  whole.set(head, headOffset);
  for (const part of parts) {
    whole.set(part, at);
    at += Math.ceil(part.byteLength / 8) * 8;
  }
  return whole;
}

function typeOf(column: ArrayBufferView): ColumnType {
  if (column instanceof Float64Array) return "f64";
  if (column instanceof Uint32Array) return "u32";
  if (column instanceof Int32Array) return "i32";
  if (column instanceof Uint8Array) return "u8";
  throw new Error(`a report's columns are of bytes, 32-bit integers or doubles, not ${column.constructor.name}`);
}

/** All of an array that begins with a text are texts: see the types of the data. */
function isManyTexts(value: unknown): value is readonly string[] & Texts {
  return Array.isArray(value) && value.length >= textsMin && typeof value[0] === "string";
}
