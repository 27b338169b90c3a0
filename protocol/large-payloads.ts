import { connect, type NetConnectOpts, type Socket } from "node:net";
import { attachmentBytesMin } from "./frame.ts";

/** As much as the system hands over at once on a fast network. */
const receiveBytes = 256 * 1024;
/**
 * Where every socket of this thread puts what came: it is read within the callback that it is shown to, which keeps copies,
 * and no other socket is read meanwhile.
 */
const received = new Uint8Array(receiveBytes);
const headerBytesMax = 10;
const endOfUpgrade = Buffer.from("\r\n\r\n");

interface Payload {
  /** Which of its message's fragments it is; empty ones do not count, because ws leaves them out. */
  readonly fragment: number;
  readonly bytes: Buffer;
}

/**
 * Receives the large fragments of a WebSocket server's messages straight into memory of their own. ws would collect each
 * from pieces of 64 KiB, which costs more than the transfer itself: most of all in garbage. So what the socket delivers
 * passes through here first. Of a large fragment ws gets to see one of a single byte, at the same place in the stream, and
 * whoever takes the message from ws has the fragment put back by `restore`. All else reaches ws as it came.
 */
export class LargePayloads {
  readonly #messageBytesMax: number;
  /** Before the upgrade what arrives is HTTP. */
  #upgraded = false;
  /** What came is no stream that we can follow: ws shall see it as it is, and say what is wrong with it. */
  #lost = false;
  #endsUpgrade = false;
  readonly #header: Buffer = Buffer.alloc(headerBytesMax);
  #headerBytes = 0;
  /** The rest of a payload that goes to ws. */
  #passingBytes = 0;
  #target: Buffer | undefined;
  #targetBytes = 0;
  /** Of the message that is arriving. */
  #fragments = 0;
  #messageBytes = 0;
  #payloads: Payload[] = [];
  /** Of the messages that ws has not delivered yet, in order. */
  readonly #messages: (readonly Payload[])[] = [];

  /** Messages that are larger are left to ws, which refuses them by the limit that it was given. */
  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** Opens the connection below the WebSocket: the option `createConnection` of ws. */
  connect(options: NetConnectOpts): Socket {
    const socket = connect({
      ...options,
      onread: {
        buffer: received,
        callback: (bytes, buffer) => {
          try {
            this.#receive(socket, buffer.subarray(0, bytes));
          } catch (error) {
            // Nobody is above this callback: what it throws would end the process.
            socket.destroy(error as Error);
          }
          return true;
        },
      },
    });
    return socket;
  }

  /** To be called when the answer to the upgrade has come: the other end says nothing of its own before it is spoken to. */
  upgraded(): void {
    this.#upgraded = true;
    this.#lost ||= !this.#endsUpgrade;
  }

  /** The fragments of the next message that ws delivers, with those that it has not seen. */
  restore(fragments: readonly Buffer[]): readonly Buffer[] {
    const payloads = this.#messages.shift();
    if (payloads === undefined || payloads.length === 0) return fragments;
    const restored = [...fragments];
    for (const { fragment, bytes } of payloads) restored[fragment] = bytes;
    return restored;
  }

  #receive(socket: Socket, chunk: Uint8Array): void {
    if (this.#lost || !this.#upgraded) {
      this.#endsUpgrade = endOfUpgrade.equals(chunk.subarray(-endOfUpgrade.byteLength));
      socket.push(Buffer.from(chunk));
      return;
    }
    const pieces: Uint8Array[] = [];
    for (let offset = 0; offset < chunk.byteLength; ) offset += this.#take(chunk.subarray(offset), pieces);
    // The chunk's memory is used again for the next.
    if (pieces.length > 0) socket.push(Buffer.concat(pieces));
  }

  /** Takes the next piece of the stream from the front of `chunk`, and answers how long it was. */
  #take(chunk: Uint8Array, pieces: Uint8Array[]): number {
    if (this.#target !== undefined) return this.#fill(this.#target, chunk, pieces);
    const bytes = this.#lost ? chunk.byteLength : Math.min(this.#passingBytes, chunk.byteLength);
    if (bytes === 0) return this.#takeHeader(chunk, pieces);
    pieces.push(chunk.subarray(0, bytes));
    this.#passingBytes -= bytes;
    return bytes;
  }
  #takeHeader(chunk: Uint8Array, pieces: Uint8Array[]): number {
    const before = this.#headerBytes;
    const header = this.#header;
    header.set(chunk.subarray(0, headerBytesMax - before), before);
    const known = Math.min(headerBytesMax, before + chunk.byteLength);
    const needed = known < 2 ? headerBytesMax : headerBytesOf(header);
    if (known < needed) {
      this.#headerBytes = known;
      return chunk.byteLength;
    }
    this.#headerBytes = 0;
    this.#begin(header.subarray(0, needed), pieces);
    return needed - before;
  }

  /** Decides where the payload goes whose header is there. */
  #begin(header: Buffer, pieces: Uint8Array[]): void {
    const [kind = 0, length = 0] = header;
    const bytes = payloadBytesOf(header);
    // Only what a client sends is masked.
    if ((length & 0x80) !== 0) this.#lost = true;
    const isControl = (kind & 0x08) !== 0;
    const fits = this.#messageBytes + bytes <= this.#messageBytesMax;
    if (isControl || this.#lost || (bytes < attachmentBytesMin && fits)) {
      pieces.push(Buffer.from(header));
      this.#passingBytes = bytes;
      if (!isControl) this.#fragment(kind, bytes);
    } else if (fits) {
      this.#target = Buffer.allocUnsafeSlow(bytes);
      this.#targetBytes = 0;
    } else {
      // Of those before it ws has seen next to nothing, so that it might take this one. It has to refuse whatever is too large,
      // and how much too large does not matter: what was announced may be more than a number can hold.
      this.#lost = true;
      pieces.push(headerOf(kind, this.#messageBytesMax + 1));
    }
  }

  /** Brings a large payload nearer to its end, at which ws is told of it. */
  #fill(target: Buffer, chunk: Uint8Array, pieces: Uint8Array[]): number {
    const bytes = Math.min(chunk.byteLength, target.byteLength - this.#targetBytes);
    target.set(chunk.subarray(0, bytes), this.#targetBytes);
    this.#targetBytes += bytes;
    if (this.#targetBytes < target.byteLength) return bytes;
    const [kind = 0] = this.#header;
    this.#target = undefined;
    this.#payloads.push({ fragment: this.#fragments, bytes: target });
    pieces.push(Buffer.from([kind, 1, 0]));
    this.#fragment(kind, target.byteLength);
    return bytes;
  }

  /** A fragment of a message is accounted for. */
  #fragment(kind: number, bytes: number): void {
    if (bytes > 0) this.#fragments++;
    this.#messageBytes += bytes;
    if ((kind & 0x80) === 0) return;
    this.#messages.push(this.#payloads);
    this.#payloads = [];
    this.#fragments = 0;
    this.#messageBytes = 0;
  }
}

/** How long a header is that begins so. */
function headerBytesOf(header: Buffer): number {
  const length = (header[1] ?? 0) & 0x7f;
  return length === 126 ? 4 : length === 127 ? 10 : 2;
}

function payloadBytesOf(header: Buffer): number {
  if (header.byteLength === 2) return (header[1] ?? 0) & 0x7f;
  return header.byteLength === 4 ? header.readUInt16BE(2) : header.readUInt32BE(2) * 2 ** 32 + header.readUInt32BE(6);
}

function headerOf(kind: number, payloadBytes: number): Buffer {
  const header = Buffer.from([kind, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), 2);
  header.writeUInt32BE(payloadBytes % 2 ** 32, 6);
  return header;
}
