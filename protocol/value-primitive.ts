// The values that are one item of msgpack: numbers, booleans and null. Most results of short tasks are such, and to bring
// up a packer for one takes longer than the task.

const scratch = new DataView(new ArrayBuffer(9));
const scratchBytes = new Uint8Array(scratch.buffer);

/** Undefined for anything else than a number, a boolean or null. */
export function encodePrimitive(value: unknown): Uint8Array | undefined {
  if (typeof value === "number") return encodeNumber(value);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xc3 : 0xc2);
  return value === null ? Uint8Array.of(0xc0) : undefined;
}

function encodeNumber(value: number): Uint8Array | undefined {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff) {
    if (Object.is(value, -0)) return undefined;
    if (value < 0x80) return Uint8Array.of(value);
    if (value < 0x100) return Uint8Array.of(0xcc, value);
    if (value < 0x1_0000) return Uint8Array.of(0xcd, value >> 8, value & 0xff);
    return Uint8Array.of(0xce, value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
  }
  scratch.setUint8(0, 0xcb);
  scratch.setFloat64(1, value);
  return scratchBytes.slice();
}

/** What `decodePrimitive` answers for bytes that are something else. */
export const notPrimitive: unique symbol = Symbol("not a primitive");

export function decodePrimitive(bytes: Uint8Array): number | boolean | null | typeof notPrimitive {
  const [kind = 0xc1] = bytes;
  switch (bytes.byteLength) {
    case 1:
      if (kind < 0x80) return kind;
      return kind === 0xc0 ? null : kind === 0xc2 ? false : kind === 0xc3 ? true : notPrimitive;
    case 2:
      return kind === 0xcc ? (bytes[1] as number) : notPrimitive;
    case 3:
      return kind === 0xcd ? (bytes[1] as number) * 0x100 + (bytes[2] as number) : notPrimitive;
    case 5:
      if (kind !== 0xce) return notPrimitive;
      return (
        (bytes[1] as number) * 0x100_0000 +
        (((bytes[2] as number) << 16) | ((bytes[3] as number) << 8) | (bytes[4] as number))
      );
    case 9:
      if (kind !== 0xcb) return notPrimitive;
      scratchBytes.set(bytes);
      return scratch.getFloat64(1);
    default:
      return notPrimitive;
  }
}
