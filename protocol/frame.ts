import type { Packr, Unpackr } from "msgpackr";
import { CompactReader, CompactWriter } from "./compact-bytes.ts";
import type { CompactForm } from "./compact-forms.ts";
import { ProtocolError } from "./errors.ts";
import { frameMessagesMax } from "./limits.ts";
import type { Reader } from "./packing.ts";
import { CompactRun, createSequentialPackr, createSequentialUnpackr, packExactly, unpackWith } from "./packing.ts";

// A frame is one WebSocket message: an array of our messages. Its form, all numbers being big-endian uint32:
//   without attachments:  0, then the messages as msgpack
//   with attachments:     their count, the bytes of the messages, the bytes of each attachment;
//                         then the messages as msgpack; then the attachments
// The pieces are sent as fragments of that one WebSocket message, so that no large binary is ever copied to be sent, and
// arrives in memory of its own. Messages of which there may be thousands, and that follow one another, are one item of the
// array, in a form of their own. Whoever relays the message may regroup the fragments: the numbers still tell them apart.

/** Binaries of at least this size travel beside the messages. */
export const attachmentBytesMin: number = 16 * 1024;
const attachmentsMax = 65_536;
const countBytes = 4;

type Forms = ReadonlyMap<string, CompactForm>;
const noForms: Forms = new Map();

/** Messages that came in their compact form, and therefore are what they should be. */
export class CompactMessages {
  readonly op: string;
  readonly messages: readonly unknown[];

  constructor(op: string, messages: readonly unknown[]) {
    this.op = op;
    this.messages = messages;
  }
}

/** Encodes the frames of one direction of one connection, in order: each relies on shapes that earlier ones defined. */
export class FrameWriter {
  readonly #packr: Packr = createSequentialPackr();
  readonly #compact: CompactWriter = new CompactWriter();
  readonly #forms: Forms;

  /** `forms`: of the messages that are written in a compact form. */
  constructor(forms: Forms = noForms) {
    this.#forms = forms;
  }

  /** The fragments to send. Large binaries are the very memory that the messages hold. */
  encode(messages: readonly unknown[]): Uint8Array[] {
    const attachments: Uint8Array[] = [];
    const attach = (bytes: Uint8Array): number | undefined =>
      bytes.byteLength < attachmentBytesMin ? undefined : attachments.push(bytes) - 1;
    this.#compact.begin(attach);
    const body = packExactly(this.#packr, this.#compacted(messages), countBytes, attach);
    if (attachments.length === 0) return [body];
    const packed = body.subarray(countBytes);
    const table = Buffer.alloc(countBytes * (2 + attachments.length));
    [attachments.length, packed.byteLength, ...attachments.map((bytes) => bytes.byteLength)].forEach((count, index) => {
      table.writeUInt32BE(count, index * countBytes);
    });
    return [table, packed, ...attachments];
  }

  /** Each run of messages that have one compact form becomes one item. */
  #compacted(messages: readonly unknown[]): readonly unknown[] {
    if (this.#forms.size === 0) return messages;
    const items: unknown[] = [];
    for (let from = 0; from < messages.length; ) {
      const { op } = messages[from] as { readonly op: string };
      const form = this.#forms.get(op);
      let end = from;
      for (; form !== undefined && end < messages.length; end++) {
        const message = messages[end] as never;
        if ((message as { op: string }).op !== op || form.fits?.(message) === false) break;
        form.write(this.#compact, message);
      }
      if (end === from) items.push(messages[end++]);
      else items.push(new CompactRun(op, end - from, this.#taken()));
      from = end;
    }
    return items;
  }

  /** What is sent as it lies must not be written over meanwhile. */
  #taken(): Uint8Array {
    const bytes = this.#compact.take();
    return bytes.byteLength < attachmentBytesMin ? bytes : new Uint8Array(bytes);
  }
}

/** Decodes the frames of one direction of one connection, in order. After an error it must not be used again. */
export class FrameReader {
  readonly #unpackr: Unpackr = createSequentialUnpackr();
  readonly #compact: CompactReader = new CompactReader();
  readonly #forms: Forms;

  constructor(forms: Forms = noForms) {
    this.#forms = forms;
  }

  /**
   * Attachments become views of the fragments; smaller binaries are copied out of them. Messages in a compact form come as
   * `CompactMessages`, whose binaries are views, too.
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
      return unpackWith(this.#unpackr, packed, new FramePartReader(attachments, this.#forms, this.#compact));
    } catch (error) {
      throw badFrame(error instanceof Error ? error.message : String(error), error);
    }
  }
}

class FramePartReader implements Reader {
  readonly #attachments: readonly Buffer[];
  readonly #forms: Forms;
  readonly #compact: CompactReader;
  /** In their compact forms, until now. */
  #messages = 0;

  constructor(attachments: readonly Buffer[], forms: Forms, compact: CompactReader) {
    this.#attachments = attachments;
    this.#forms = forms;
    this.#compact = compact;
  }

  attachment(index: unknown): Buffer {
    const attachment = typeof index === "number" ? this.#attachments[index] : undefined;
    if (attachment === undefined) throw new Error(`attachment ${String(index)} is not there`);
    return attachment;
  }

  compact(parts: unknown): CompactMessages {
    const [op, count, bytes] = Array.isArray(parts) ? parts : [];
    const form = this.#forms.get(op);
    const counts = Number.isInteger(count) && count >= 0;
    if (form === undefined || !counts || !(bytes instanceof Uint8Array) || count > bytes.byteLength)
      throw new Error("there is no such compact form");
    // Each may take two bytes and become an object, so that a small frame could fill memory.
    this.#messages += count;
    if (this.#messages > frameMessagesMax) throw new Error(`it has more than ${frameMessagesMax} messages`);
    this.#compact.begin(bytes, this.#attachments);
    const messages: unknown[] = [];
    while (messages.length < count) messages.push(form.read(this.#compact));
    if (!this.#compact.atEnd) throw new Error("bytes are left over");
    return new CompactMessages(op, messages);
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
