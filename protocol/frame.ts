import type { Packr, Unpackr } from "msgpackr";
import { ProtocolError } from "./errors.ts";
import type { Reader } from "./packing.ts";
import { createSequentialPackr, createSequentialUnpackr, packExactly, unpackWith } from "./packing.ts";

// A frame is one WebSocket message: an array of our messages. Its form, all numbers being big-endian uint32:
//   without attachments:  0, then the messages as msgpack
//   with attachments:     their count, the bytes of the messages, the bytes of each attachment;
//                         then the messages as msgpack; then the attachments
// The pieces are sent as fragments of that one WebSocket message, so that no large binary is ever copied to be sent, and
// arrives in memory of its own. Whoever relays the message may regroup the fragments: the numbers still tell them apart.

/** Binaries of at least this size travel beside the messages. */
export const attachmentBytesMin: number = 16 * 1024;
const attachmentsMax = 65_536;
const countBytes = 4;

/** Encodes the frames of one direction of one connection, in order: each relies on shapes that earlier ones defined. */
export class FrameWriter {
  readonly #packr: Packr = createSequentialPackr();

  /** The fragments to send. Large binaries are the very memory that the messages hold. */
  encode(messages: readonly unknown[]): Uint8Array[] {
    const attachments: Uint8Array[] = [];
    const body = packExactly(this.#packr, messages, countBytes, (bytes) =>
      bytes.byteLength < attachmentBytesMin ? undefined : attachments.push(bytes) - 1,
    );
    if (attachments.length === 0) return [body];
    const packed = body.subarray(countBytes);
    const table = Buffer.alloc(countBytes * (2 + attachments.length));
    [attachments.length, packed.byteLength, ...attachments.map((bytes) => bytes.byteLength)].forEach((count, index) => {
      table.writeUInt32BE(count, index * countBytes);
    });
    return [table, packed, ...attachments];
  }
}

/** Decodes the frames of one direction of one connection, in order. After an error it must not be used again. */
export class FrameReader {
  readonly #unpackr: Unpackr = createSequentialUnpackr();

  /**
   * Attachments become views of the fragments; smaller binaries are copied out of them.
   * @throws ProtocolError BAD_FRAME
   */
  decode(fragments: readonly Buffer[]): readonly unknown[] {
    const cursor = new FragmentCursor(fragments);
    const count = cursor.take(countBytes).readUInt32BE();
    if (count > attachmentsMax) throw badFrame(`it announces ${count} attachments`);
    const body = count === 0 ? cursor.rest() : undefined;
    const sizes = count === 0 ? Buffer.alloc(0) : cursor.take(countBytes * (1 + count));
    const packed = body ?? cursor.take(sizes.readUInt32BE());
    const attachments: Buffer[] = [];
    for (let index = 1; index <= count; index++) {
      attachments.push(cursor.take(sizes.readUInt32BE(index * countBytes)));
    }
    if (cursor.rest().byteLength > 0) throw badFrame("bytes are left over");
    const messages = this.#unpack(packed, attachments);
    if (!Array.isArray(messages)) throw badFrame("it is no list of messages");
    return messages;
  }

  #unpack(packed: Buffer, attachments: readonly Buffer[]): unknown {
    try {
      return unpackWith(this.#unpackr, packed, new AttachmentReader(attachments));
    } catch (error) {
      throw badFrame(error instanceof Error ? error.message : String(error), error);
    }
  }
}

class AttachmentReader implements Reader {
  readonly #attachments: readonly Buffer[];

  constructor(attachments: readonly Buffer[]) {
    this.#attachments = attachments;
  }

  attachment(index: unknown): Buffer {
    const attachment = typeof index === "number" ? this.#attachments[index] : undefined;
    if (attachment === undefined) throw new Error(`attachment ${String(index)} is not there`);
    return attachment;
  }

  ref(): never {
    throw new Error("a value's reference stands outside a value");
  }

  special(): never {
    throw new Error("a value's special stands outside a value");
  }
}

/** Takes bytes from the front of fragments, without a copy as long as they lie in one. */
class FragmentCursor {
  readonly #fragments: readonly Buffer[];
  #index = 0;
  #offset = 0;

  constructor(fragments: readonly Buffer[]) {
    this.#fragments = fragments;
  }

  take(bytes: number): Buffer {
    const pieces: Buffer[] = [];
    let missing = bytes;
    while (missing > 0) {
      const fragment = this.#fragments[this.#index];
      if (fragment === undefined) throw badFrame(`${missing} bytes are missing`);
      const piece = fragment.subarray(this.#offset, this.#offset + missing);
      pieces.push(piece);
      missing -= piece.byteLength;
      this.#offset += piece.byteLength;
      if (this.#offset === fragment.byteLength) {
        this.#index++;
        this.#offset = 0;
      }
    }
    const [only] = pieces;
    return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
  }

  rest(): Buffer {
    let bytes = -this.#offset;
    for (let index = this.#index; index < this.#fragments.length; index++)
      bytes += this.#fragments[index]?.byteLength ?? 0;
    return this.take(bytes);
  }
}

function badFrame(why: string, cause?: unknown): ProtocolError {
  return new ProtocolError("BAD_FRAME", `a frame could not be read: ${why}`, { cause });
}
