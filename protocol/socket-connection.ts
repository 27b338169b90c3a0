import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";
import { closeCodes } from "./close-codes.ts";
import { compactForms } from "./compact-forms.ts";
import type { Connection } from "./connection.ts";
import { ClusterError, ProtocolError } from "./errors.ts";
import { CompactMessages, FrameReader, FrameWriter } from "./frame.ts";
import { weigh } from "./frame-weight.ts";
import { frameMessagesMax } from "./limits.ts";
import type { Logger } from "./logger.ts";
import type { Parse } from "./parse-fields.ts";
import { traffic } from "./traffic.ts";

/** No frame may be larger, in either direction. */
export const maxFrameBytes: number = 64 * 1024 * 1024;
/** What is queued in one turn is cut into frames of about this size, so that none gets near the limit. */
const frameBytesAim = 8 * 1024 * 1024;
/** What may wait waits no longer. */
const waitMsMax = 5;
/** Up to here, a sender need not wait. */
const bufferedBytesMax = 4 * 1024 * 1024;
/** A connection on which nothing comes for so long is probed; without an answer to any of ten probes, a second apart, it is lost. */
const keepAliveMs = 15_000;
/** How long the other end may take to answer a close before the socket is cut. */
const closeGraceMs = 2_000;

export interface SocketConnectionOptions {
  readonly ws: WebSocket;
  /** The stream below the WebSocket: the fragments of a frame are handed to it as one write. */
  readonly socket: Duplex;
  readonly remote: string;
  readonly log: Logger;
  /** Puts back what ws has not seen of a message. */
  readonly restore?: ((fragments: readonly Buffer[]) => readonly Buffer[]) | undefined;
}

/** A `Connection` over an open WebSocket. Until `start` gives it a parser, all but the first message waits. */
export class SocketConnection<Incoming, Outgoing> implements Connection<Incoming, Outgoing> {
  remote: string;
  readonly #ws: WebSocket;
  readonly #socket: Duplex;
  readonly #log: Logger;
  readonly #restore: (fragments: readonly Buffer[]) => readonly Buffer[];
  readonly #writer: FrameWriter = new FrameWriter(compactForms);
  readonly #reader: FrameReader = new FrameReader(compactForms);
  readonly #gone: Promise<void>;
  readonly #first: Promise<unknown>;
  #resolveFirst: ((message: unknown) => void) | undefined;
  #parse: Parse<Incoming> | undefined;
  #listener: ((messages: readonly Incoming[]) => void) | undefined;
  #closeListeners: ((error: ClusterError) => void)[] = [];
  /** Arrived, but not yet parsed. */
  #unparsed: unknown[] = [];
  /** Parsed, but nobody listens yet. */
  #undelivered: Incoming[] = [];
  #queue: Outgoing[] = [];
  #queuedBytes = 0;
  #flushing: NodeJS.Immediate | undefined;
  /** Flushes what may wait. */
  #waited: NodeJS.Timeout | undefined;
  #waiting: (() => void)[] = [];
  /** Set as soon as this end will send and accept nothing more. */
  #closing = false;
  /** What to tell once the socket is gone, when this end closed it. */
  #closedHere: ClusterError | undefined;
  /** Why it is over; set when the listeners are told. */
  #end: ClusterError | undefined;
  #lastError: Error | undefined;

  constructor({ ws, socket, remote, log, restore = (fragments) => fragments }: SocketConnectionOptions) {
    this.#ws = ws;
    this.#socket = socket;
    this.remote = remote;
    this.#log = log;
    this.#restore = restore;
    // A machine that lost its power closes nothing, and whoever only waits would wait for ever. It is the other end's system
    // that answers these probes, so that one whose code is busy, or stopped, is not taken for dead.
    if (socket instanceof Socket) socket.setKeepAlive(true, keepAliveMs);
    ws.binaryType = "fragments";
    this.#first = new Promise((resolve) => {
      this.#resolveFirst = resolve;
    });
    this.#gone = new Promise((resolve) => ws.once("close", () => resolve()));
    ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // After an error ws always emits "close".
    ws.on("error", (error) => {
      this.#lastError = error;
    });
    ws.once("close", (code, reason) => this.#finish(this.#closedHere ?? this.#lost(code, reason.toString())));
  }

  get closed(): boolean {
    return this.#closing;
  }

  /** The first message that arrives; rejects if there will be none. */
  first(): Promise<unknown> {
    return Promise.race([this.#first, new Promise((_, reject) => this.onClose(reject))]);
  }

  /** From now on what arrives goes through `parse` to the listener. */
  start(parse: Parse<Incoming>): void {
    this.#parse = parse;
    const unparsed = this.#unparsed;
    this.#unparsed = [];
    this.#guarded(() => this.#accept(unparsed));
  }

  send(message: Outgoing, mayWait = false): void {
    if (this.#closing) return;
    const weight = weigh(message);
    if (weight > maxFrameBytes) throw tooLarge(`a message of about ${weight} bytes`);
    this.#queue.push(message);
    this.#queuedBytes += weight;
    if (!mayWait) this.#flushing ??= setImmediate(() => this.flush());
    else if (this.#flushing === undefined) this.#waited ??= setTimeout(() => this.flush(), waitMsMax);
  }

  /** Sends what is queued now instead of at the end of this turn. */
  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    clearTimeout(this.#waited);
    this.#waited = undefined;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    try {
      for (let from = 0; from < queue.length; ) from = this.#sendFrame(queue, from);
    } catch (error) {
      this.#fail(
        error instanceof ClusterError
          ? error
          : new ProtocolError("BAD_FRAME", "a message could not be encoded", { cause: error }),
      );
    }
  }

  onMessages(listener: (messages: readonly Incoming[]) => void): void {
    this.#listener = listener;
    // Not before the caller has finished setting itself up.
    queueMicrotask(() => this.#deliver());
  }

  onClose(listener: (error: ClusterError) => void): void {
    const end = this.#end;
    if (end === undefined) this.#closeListeners.push(listener);
    else queueMicrotask(() => this.#tell(listener, end));
  }

  writable(): Promise<void> {
    if (this.#closing || this.#bufferedBytes() <= bufferedBytesMax) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(reason = "no longer needed"): Promise<void> {
    if (!this.#closing) {
      this.flush();
      this.#closedHere = new ClusterError(
        "CLOSED",
        `the connection to ${this.remote} was closed by this end: ${reason}`,
      );
      this.#hangUp(1000, reason);
    }
    return this.#gone;
  }

  /** Encodes and sends the messages from `from` on, up to the size of a frame; answers where the next one begins. */
  #sendFrame(queue: readonly Outgoing[], from: number): number {
    let end = from;
    for (let weight = 0; end < queue.length && end - from < frameMessagesMax; end++) {
      weight += weigh(queue[end]);
      if (weight > frameBytesAim && end > from) break;
    }
    const fragments = this.#writer.encode(end - from === queue.length ? queue : queue.slice(from, end));
    const bytes = fragments.reduce((sum, fragment) => sum + fragment.byteLength, 0);
    if (bytes > maxFrameBytes) throw tooLarge(`a frame of ${bytes} bytes`);
    traffic.sentBytes += bytes;
    this.#socket.cork();
    fragments.forEach((fragment, index) => {
      const fin = index === fragments.length - 1;
      this.#ws.send(fragment, { binary: true, compress: false, fin }, fin ? () => this.#wake() : undefined);
    });
    this.#socket.uncork();
    return end;
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    this.#guarded(() => {
      if (!isBinary) throw new ProtocolError("BAD_FRAME", "a text frame arrived where only binary ones may");
      const fragments = this.#restore(data as Buffer[]);
      for (const fragment of fragments) traffic.receivedBytes += fragment.byteLength;
      this.#accept(this.#reader.decode(fragments));
    });
  }

  /** What arrived and cannot be understood ends this connection, and nothing else. */
  #guarded(accept: () => void): void {
    try {
      accept();
    } catch (error) {
      const known = error instanceof ClusterError;
      this.#fail(known ? error : new ProtocolError("BAD_FRAME", "a message could not be parsed", { cause: error }));
    }
  }

  #accept(messages: readonly unknown[]): void {
    const parse = this.#parse;
    if (parse === undefined) {
      const rest = this.#resolveFirst === undefined ? messages : messages.slice(1);
      if (messages.length > 0) {
        this.#resolveFirst?.(messages[0]);
        this.#resolveFirst = undefined;
      }
      this.#unparsed.push(...rest);
      return;
    }
    // All of a frame or nothing: a bad message must not take effect by halves.
    const parsed: Incoming[] = [];
    for (const message of messages) {
      if (!(message instanceof CompactMessages)) parsed.push(parse(message));
      else if (parse.compact?.has(message.op) !== true) parsed.push(...message.messages.map((one) => parse(one)));
      else for (const one of message.messages) parsed.push(one as Incoming);
    }
    if (this.#undelivered.length === 0) this.#undelivered = parsed;
    else this.#undelivered.push(...parsed);
    if (this.#listener !== undefined) this.#deliver();
  }

  #deliver(): void {
    const messages = this.#undelivered;
    if (messages.length === 0 || this.#listener === undefined) return;
    this.#undelivered = [];
    try {
      this.#listener(messages);
    } catch (error) {
      this.#log.error({ error, remote: this.remote }, "a connection ends because its messages could not be handled");
      this.#fail(
        new ClusterError("INVARIANT_VIOLATION", `a message from ${this.remote} could not be handled`, { cause: error }),
      );
    }
  }

  #bufferedBytes(): number {
    return this.#queuedBytes + this.#ws.bufferedAmount;
  }

  #wake(): void {
    if (this.#waiting.length === 0 || (!this.#closing && this.#bufferedBytes() > bufferedBytesMax)) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  /** Ends the connection because of an error at this end, or of what the other end sent. */
  #fail(error: ClusterError): void {
    if (this.#closing) return;
    this.#log.warn({ error, remote: this.remote }, "a connection ends");
    this.#hangUp(
      error.code === "TOO_LARGE" ? closeCodes.tooLarge : closeCodes.unreadable,
      `${error.code}: ${error.message}`,
    );
    this.#finish(error);
  }

  #hangUp(code: number, reason: string): void {
    this.#closing = true;
    clearImmediate(this.#flushing);
    clearTimeout(this.#waited);
    this.#queue = [];
    this.#wake();
    this.#ws.close(code, closeReason(reason));
    const cut = setTimeout(() => this.#ws.terminate(), closeGraceMs);
    void this.#gone.then(() => clearTimeout(cut));
  }

  #lost(code: number, reason: string): ClusterError {
    const why = this.#lastError?.message ?? (reason === "" ? "it broke off" : reason);
    const by = reason === "" ? "was lost" : "was closed by the other end";
    return new ClusterError("CONNECTION_LOST", `the connection to ${this.remote} ${by}: ${why}`, {
      retryable: true,
      details: { closeCode: code, reason },
      cause: this.#lastError,
    });
  }

  #finish(error: ClusterError): void {
    if (this.#end !== undefined) return;
    this.#closing = true;
    this.#end = error;
    clearImmediate(this.#flushing);
    clearTimeout(this.#waited);
    this.#queue = [];
    this.#wake();
    const listeners = this.#closeListeners;
    this.#closeListeners = [];
    for (const listener of listeners) this.#tell(listener, error);
  }

  #tell(listener: (error: ClusterError) => void, error: ClusterError): void {
    try {
      listener(error);
    } catch (thrown) {
      this.#log.error({ error: thrown, remote: this.remote }, "a listener to a connection's end failed");
    }
  }
}

function tooLarge(what: string): ProtocolError {
  return new ProtocolError(
    "TOO_LARGE",
    `${what} exceeds the ${maxFrameBytes} bytes that a frame may have: send less at once`,
  );
}

/** WebSockets allow 123 bytes of reason. */
function closeReason(reason: string): string {
  let text = reason;
  while (Buffer.byteLength(text) > 123) text = text.slice(0, Math.min(text.length - 1, 123));
  return text.toWellFormed();
}
