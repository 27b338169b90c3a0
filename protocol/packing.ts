import { addExtension, Packr, RESET_BUFFER_MODE, Unpackr } from "msgpackr";

// msgpackr's extensions belong to the whole process, so the ones of values (`Ref`, `Special`) and of frames (`Attachment`)
// are registered in this one place, under numbers that must never change between versions of one protocol.
const refType = 1;
const specialType = 2;
const attachmentType = 3;
const compactType = 5;

/** Stands for the value of `deps[index]` inside encoded arguments. */
export class Ref {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

/** Something of a value that msgpack has no faithful form for: what it is, and its parts. */
export class Special {
  readonly parts: readonly unknown[];

  constructor(...parts: unknown[]) {
    this.parts = parts;
  }
}

/** Messages of one kind that follow one another in a frame, in their compact form. */
export class CompactRun {
  readonly op: string;
  readonly count: number;
  readonly bytes: Uint8Array;

  constructor(op: string, count: number, bytes: Uint8Array) {
    this.op = op;
    this.count = count;
    this.bytes = bytes;
  }
}

/** Turns what was read back into what was meant. It is set for the duration of one synchronous decoding. */
export interface Reader {
  ref(index: unknown): unknown;
  special(parts: unknown): unknown;
  attachment(index: unknown): unknown;
  compact(parts: unknown): unknown;
}

/** Takes the large binaries of a frame; answers with the number of one it took. */
export type Attach = (bytes: Uint8Array) => number | undefined;

/** What is being read and written now. */
interface Current {
  reader: Reader | undefined;
  attach: Attach | undefined;
}

// Extensions of a second copy of this module in the process replace those of the first, and have to serve its frames, too.
const currentName: unique symbol = Symbol.for("muster.packing");
const shared = globalThis as { [currentName]?: Current };
shared[currentName] ??= { reader: undefined, attach: undefined };
const current: Current = shared[currentName];

class Attachment {
  readonly index: number;

  constructor(index: number) {
    this.index = index;
  }
}

function currentReader(): Reader {
  if (current.reader === undefined) throw new Error("a marker of Muster's stands where none may be");
  return current.reader;
}

addExtension({
  Class: Ref,
  type: refType,
  write: (ref: Ref) => ref.index,
  read: (index) => currentReader().ref(index),
});
addExtension({
  Class: Special,
  type: specialType,
  write: (special: Special) => special.parts,
  read: (parts) => currentReader().special(parts),
});
addExtension({
  Class: Attachment,
  type: attachmentType,
  write: (mark: Attachment) => mark.index,
  read: (index) => currentReader().attachment(index),
});

addExtension({
  Class: CompactRun,
  type: compactType,
  write: ({ op, count, bytes }: CompactRun) => [op, count, bytes],
  read: (parts) => currentReader().compact(parts),
});

/** Where msgpackr lets an extension write by itself: makes room for that many bytes at the current place. */
type MakeRoom = (bytes: number) => { target: Uint8Array; targetView: DataView; position: number };

// Every binary that reaches msgpackr goes through here: values hand over only small ones, frames hand over the large ones
// to be sent beside the frame's head. msgpackr calls `pack` with two more arguments than its declarations tell.
addExtension({
  Class: Uint8Array,
  type: 4,
  pack: ((bytes: Uint8Array, makeRoom: MakeRoom, pack: (value: unknown) => void): undefined => {
    const index = current.attach?.(bytes);
    if (index === undefined) return writeBinary(bytes, makeRoom);
    makeRoom(0);
    pack(new Attachment(index));
    return undefined;
  }) as unknown as (bytes: Uint8Array) => Uint8Array,
});

function writeBinary(bytes: Uint8Array, makeRoom: MakeRoom): undefined {
  const length = bytes.byteLength;
  const headerBytes = length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
  const { target, targetView, position } = makeRoom(headerBytes + length);
  if (headerBytes === 2) {
    target[position] = 0xc4;
    target[position + 1] = length;
  } else if (headerBytes === 3) {
    target[position] = 0xc5;
    targetView.setUint16(position + 1, length);
  } else {
    target[position] = 0xc6;
    targetView.setUint32(position + 1, length);
  }
  target.set(bytes, position + headerBytes);
  return undefined;
}

const faithful = {
  mapsAsObjects: false,
  moreTypes: true,
  useToJSON: false,
  structuredClone: false,
  // Small binaries are copied out, so that a kept one does not keep everything alive that it arrived with.
  copyBuffers: true,
};

/** A packer whose every result stands alone. */
export const createPackr = (): Packr => new Packr({ ...faithful });
export const createUnpackr = (): Unpackr => new Unpackr({ ...faithful });

/** A packer for a sequence: the shape of an object is written once, and named from then on. */
export const createSequentialPackr = (): Packr => new Packr({ ...faithful, sequential: true, maxOwnStructures: 64 });
export const createSequentialUnpackr = (): Unpackr =>
  new Unpackr({ ...faithful, sequential: true, maxOwnStructures: 64 });

/** Beyond this the scratch memory of msgpackr is given back instead of kept for the next value. */
const keptScratchBytes = 1024 * 1024;

/** Packs into memory that belongs to the result alone: `prefixBytes` zeros, then the msgpack bytes. */
export function packExactly(
  packr: Packr,
  value: unknown,
  prefixBytes: number,
  takeLarge?: Attach,
): Uint8Array<ArrayBuffer> {
  const before = current.attach;
  current.attach = takeLarge;
  try {
    const scratch = packr.pack(value, RESET_BUFFER_MODE);
    const exact = new Uint8Array(prefixBytes + scratch.byteLength);
    exact.set(scratch, prefixBytes);
    if (scratch.byteLength > keptScratchBytes) packr.useBuffer(Buffer.allocUnsafeSlow(8192));
    return exact;
  } finally {
    current.attach = before;
  }
}

export function unpackWith(unpackr: Unpackr, bytes: Uint8Array, use: Reader): unknown {
  const before = current.reader;
  current.reader = use;
  try {
    return unpackr.unpack(bytes);
  } finally {
    current.reader = before;
  }
}
