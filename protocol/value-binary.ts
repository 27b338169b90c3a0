// The binary values: every kind of view, by the number under which it is sent. Order matters; only ever append.

type View = ArrayBufferView<ArrayBufferLike>;
interface BinaryKind {
  readonly prototype: object;
  readonly elementBytes: number;
  make(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): View | ArrayBufferLike;
}

interface TypedArrayClass {
  readonly prototype: object;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): View;
}

const typed = (array: TypedArrayClass): BinaryKind => ({
  prototype: array.prototype,
  elementBytes: array.BYTES_PER_ELEMENT,
  make: (buffer, byteOffset, byteLength) => new array(buffer, byteOffset, byteLength / array.BYTES_PER_ELEMENT),
});

/** Stands where this version of Node has no such class; nothing has it as prototype. */
const absentKind = (name: string): BinaryKind => ({
  prototype: {},
  elementBytes: 1,
  make() {
    throw new Error(`this version of Node has no ${name}`);
  },
});

const float16 = (globalThis as { Float16Array?: TypedArrayClass }).Float16Array;

const kinds: readonly BinaryKind[] = [
  typed(Uint8Array),
  {
    prototype: Buffer.prototype,
    elementBytes: 1,
    make: (buffer, byteOffset, byteLength) => Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength),
  },
  {
    prototype: ArrayBuffer.prototype,
    elementBytes: 1,
    make: (buffer, byteOffset, byteLength) =>
      buffer instanceof ArrayBuffer && byteLength === buffer.byteLength
        ? buffer
        : copyOf(buffer, byteOffset, byteLength),
  },
  {
    prototype: DataView.prototype,
    elementBytes: 1,
    make: (buffer, byteOffset, byteLength) => new DataView(buffer, byteOffset, byteLength),
  },
  typed(Int8Array),
  typed(Uint8ClampedArray),
  typed(Int16Array),
  typed(Uint16Array),
  typed(Int32Array),
  typed(Uint32Array),
  typed(Float32Array),
  typed(Float64Array),
  typed(BigInt64Array),
  typed(BigUint64Array),
  float16 === undefined ? absentKind("Float16Array") : typed(float16),
];

const numbers = new Map<object, number>(kinds.map((kind, number) => [kind.prototype, number]));

/** The number of a binary's kind by its prototype; undefined when objects of that prototype are not binary. */
export const binaryKindOf = (prototype: object): number | undefined => numbers.get(prototype);

/** The bytes of a binary value, as a view of the same memory. */
export function bytesOf(binary: View | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(binary)
    ? new Uint8Array(binary.buffer, binary.byteOffset, binary.byteLength)
    : new Uint8Array(binary);
}

/** The value of that kind over those bytes: without a copy, unless its elements would not be aligned. */
export function binaryFrom(number: number, bytes: Uint8Array): unknown {
  const kind = kinds[number];
  if (kind === undefined) throw new Error(`there is no binary kind ${number}`);
  if (bytes.byteLength % kind.elementBytes !== 0)
    throw new Error(`${bytes.byteLength} bytes are no whole number of elements of ${kind.elementBytes}`);
  return bytes.byteOffset % kind.elementBytes === 0
    ? kind.make(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : kind.make(copyOf(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength);
}

function copyOf(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): ArrayBuffer {
  const copy = new Uint8Array(byteLength);
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return copy.buffer;
}
