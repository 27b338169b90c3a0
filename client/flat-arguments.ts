// Most arguments are numbers, short texts and placeholders, alone or in an array: these are written here by hand, to the very
// bytes that `encodeValue` makes of them, at a fraction of its cost. Small encodings share their memory.

const slabBytes = 64 * 1024;
/** Larger encodings get memory of their own. */
const sharedBytesMax = 4 * 1024;
/** Arrays inside one another, or beside one another. */
const arraysMax = 8;
const textCharsMax = 0xff;
/** The largest item: the marker and the eight bytes of a double, or of a reference. */
const itemBytesMax = 9;

let slab = new Uint8Array(slabBytes);
let view = new DataView(slab.buffer);
let start = 0;
let end = 0;
let writing = false;

/** Counts the placeholders met, each once; undefined for an object that is none. */
export type Numbering = (object: object) => number | undefined;

/**
 * The bytes of an array of such arguments, all of it together; undefined where there is anything else in it. What it asks
 * `numberOf` about then was asked in vain.
 */
export function encodeFlat(args: readonly unknown[], numberOf: Numbering): Uint8Array | undefined {
  // A getter in what is being encoded may submit something itself.
  if (writing) return undefined;
  writing = true;
  start = end;
  let shared = false;
  try {
    if (!writeArray(args, numberOf, [])) return undefined;
    if (end - start > sharedBytesMax) return slab.slice(start, end);
    shared = true;
    return new Uint8Array(slab.buffer, start, end - start);
  } finally {
    writing = false;
    if (!shared) end = start;
    if (slab.byteLength > slabBytes) renew(slabBytes);
  }
}

function writeArray(array: readonly unknown[], numberOf: Numbering, within: object[]): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false;
  // One that comes twice is to come twice at the other end, too.
  if (within.length >= arraysMax || within.includes(array)) return false;
  within.push(array);
  const { length } = array;
  reserve(5);
  if (length < 0x10) slab[end++] = 0x90 + length;
  else if (length < 0x10000) writeUint16(0xdc, length);
  else writeUint32(0xdd, length);
  for (let index = 0; index < length; index++) if (!writeItem(array[index], numberOf, within)) return false;
  return true;
}

function writeItem(item: unknown, numberOf: Numbering, within: object[]): boolean {
  switch (typeof item) {
    case "number":
      reserve(itemBytesMax);
      return writeNumber(item);
    case "string":
      return writeText(item);
    case "boolean":
      reserve(1);
      slab[end++] = item ? 0xc3 : 0xc2;
      return true;
    case "undefined":
      reserve(3);
      slab[end++] = 0xd4;
      slab[end++] = 0;
      slab[end++] = 0;
      return true;
    case "object":
    case "function":
      return writeObject(item, numberOf, within);
    default:
      return false;
  }
}

function writeObject(item: object | null, numberOf: Numbering, within: object[]): boolean {
  if (item === null) {
    reserve(1);
    slab[end++] = 0xc0;
    return true;
  }
  const number = numberOf(item);
  if (number === undefined) return Array.isArray(item) && writeArray(item, numberOf, within);
  // A `Ref` of that number.
  reserve(itemBytesMax);
  slab[end++] = 0xd4;
  slab[end++] = 1;
  slab[end++] = 0;
  return writeNumber(number);
}

function writeNumber(value: number): boolean {
  if (value >>> 0 === value) {
    if (value === 0 && Object.is(value, -0)) return false;
    if (value < 0x40) slab[end++] = value;
    else if (value < 0x100) writeUint8(0xcc, value);
    else if (value < 0x10000) writeUint16(0xcd, value);
    else writeUint32(0xce, value);
  } else if (value >> 0 === value) {
    if (value >= -0x20) slab[end++] = value + 0x100;
    else if (value >= -0x80) writeUint8(0xd0, value + 0x100);
    else if (value >= -0x8000) writeUint16(0xd1, value + 0x10000);
    else writeUint32(0xd2, value);
  } else {
    slab[end++] = 0xcb;
    view.setFloat64(end, value);
    end += 8;
  }
  return true;
}

function writeText(text: string): boolean {
  const { length } = text;
  if (length > textCharsMax) return false;
  reserve(2 + length);
  if (length < 0x20) slab[end++] = 0xa0 + length;
  else writeUint8(0xd9, length);
  for (let index = 0; index < length; index++) {
    const char = text.charCodeAt(index);
    if (char >= 0x80) return false;
    slab[end++] = char;
  }
  return true;
}

function writeUint8(marker: number, value: number): void {
  slab[end++] = marker;
  slab[end++] = value;
}

function writeUint16(marker: number, value: number): void {
  slab[end++] = marker;
  slab[end++] = value >>> 8;
  slab[end++] = value;
}

function writeUint32(marker: number, value: number): void {
  slab[end++] = marker;
  view.setUint32(end, value);
  end += 4;
}

/** Goes on in a new slab, with what was written of this encoding, when the current one is full. */
function reserve(bytes: number): void {
  if (end + bytes <= slab.byteLength) return;
  const written = slab.subarray(start, end);
  renew(Math.max(slabBytes, 2 * (written.byteLength + bytes)));
  slab.set(written);
  end = written.byteLength;
}

function renew(bytes: number): void {
  slab = new Uint8Array(bytes);
  view = new DataView(slab.buffer);
  start = 0;
  end = 0;
}
