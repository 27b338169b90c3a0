import { ProtocolError } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import { smallValueBytesMax } from "./limits.ts";
import type { EncodedValue, Shard } from "./messages.ts";
import { allocate, sharedChunksOf } from "./shared-memory.ts";

/** Small enough that heartbeats and other transfers get their turn in between. */
export const maxShardBytes: number = 1 << 20;
/** More than any worker holds in memory; a peer that announces more is talking nonsense. */
const maxValueBytes = 2 ** 36;

/** A value that is read while it is sent, so that it never lies in memory as a whole. */
export interface ValueStream {
  readonly chunkBytes: readonly number[];
  /** The numbers of the chunks that are to lie in shared memory. */
  readonly shared: readonly number[];
  /**
   * All bytes in order, in pieces of at most so many, none of which reaches across two chunks. Throws before the last piece
   * when they are not what they should be: what came until then is worth nothing.
   */
  pieces(bytesMax: number): AsyncIterable<Uint8Array>;
}

/** The pieces of a value, in order, without copying. */
export function* shardsOf(task: TaskId, value: EncodedValue): Generator<Shard> {
  let chunkBytes: readonly number[] = value.map((chunk) => chunk.byteLength);
  let shared = sharedChunksOf(value);
  const lastChunk = chunkBytes.findLastIndex((bytes) => bytes > 0);
  if (lastChunk < 0) {
    yield { task, chunkBytes, chunk: 0, offset: 0, bytes: new Uint8Array(), last: true };
    return;
  }
  for (const [chunk, all] of value.entries()) {
    for (let offset = 0; offset < all.byteLength; offset += maxShardBytes) {
      const bytes = all.subarray(offset, offset + maxShardBytes);
      const last = chunk === lastChunk && offset + bytes.byteLength === all.byteLength;
      yield { task, chunkBytes, ...(shared.length === 0 ? {} : { shared }), chunk, offset, bytes, last };
      // Said once: a value of thousands of chunks would otherwise carry the list thousands of times.
      chunkBytes = [];
      shared = [];
    }
  }
}

/** The one shard of a small value that is in memory; undefined for any other. Values come by the thousand of which each is small. */
export function smallShardOf(task: TaskId, value: unknown): Shard | undefined {
  if (!Array.isArray(value) || value.length !== 1) return undefined;
  const bytes = value[0] as Uint8Array;
  if (bytes.byteLength === 0 || bytes.byteLength > smallValueBytesMax) return undefined;
  return { task, chunkBytes: [bytes.byteLength], chunk: 0, offset: 0, bytes, last: true };
}

/** The value of a shard that `smallShardOf` made; undefined for any other. */
export function smallValueOf({ chunkBytes, shared, chunk, offset, bytes, last }: Shard): EncodedValue | undefined {
  const isSmall = chunkBytes.length === 1 && shared === undefined && bytes.byteLength <= smallValueBytesMax;
  if (!isSmall || !last || chunk !== 0 || offset !== 0) return undefined;
  if (bytes.byteLength === 0 || chunkBytes[0] !== bytes.byteLength) return undefined;
  return [ownsItsMemory(bytes) ? bytes : new Uint8Array(bytes)];
}

/** The same of a value that is read meanwhile; it must not be empty. */
export async function* shardsOfStream(task: TaskId, stream: ValueStream): AsyncGenerator<Shard> {
  const { chunkBytes, shared } = stream;
  let missingBytes = chunkBytes.reduce((sum, bytes) => sum + bytes, 0);
  let chunk = 0;
  let offset = 0;
  let isFirst = true;
  for await (const bytes of stream.pieces(maxShardBytes)) {
    while (offset === chunkBytes[chunk]) {
      chunk++;
      offset = 0;
    }
    missingBytes -= bytes.byteLength;
    const first = { chunkBytes, ...(shared.length === 0 ? {} : { shared }) };
    yield { task, ...(isFirst ? first : { chunkBytes: [] }), chunk, offset, bytes, last: missingBytes === 0 };
    offset += bytes.byteLength;
    isFirst = false;
  }
}

/** It came in memory of its own, of which nobody else knows: it may be kept as it is. */
const ownsItsMemory = (bytes: Uint8Array): boolean => bytes.byteLength === bytes.buffer.byteLength;

/** Puts one value together. Each chunk is allocated once, when its first piece comes, and every piece must be the next one. */
export class ShardAssembler {
  readonly task: TaskId;
  readonly #sharesMemory: boolean;
  readonly #chunks: Uint8Array[] = [];
  #shared: ReadonlySet<number> = new Set();
  #chunkBytes: readonly number[] | undefined;
  #chunk = 0;
  #offset = 0;

  /** `sharesMemory`: what came out of shared memory shall lie in shared memory here, too. */
  constructor(task: TaskId, sharesMemory: boolean) {
    this.task = task;
    this.#sharesMemory = sharesMemory;
  }

  /** Returns the value once the last piece is in. @throws {ProtocolError} BAD_FRAME if the piece does not continue the value. */
  add(shard: Shard): EncodedValue | undefined {
    this.#chunkBytes ??= this.#announced(shard);
    const chunkBytes = this.#chunkBytes;
    this.#skipEmptyChunks(chunkBytes);
    const isEmptyValue = this.#chunk === chunkBytes.length && shard.last && shard.bytes.byteLength === 0;
    if (!isEmptyValue) this.#write(shard, chunkBytes);
    const complete = this.#chunk === chunkBytes.length;
    if (complete !== shard.last)
      throw this.#nonsense(complete ? "its last piece is not marked as such" : "it ends too early");
    return complete ? this.#chunks : undefined;
  }

  #write(shard: Shard, chunkBytes: readonly number[]): void {
    const expected = chunkBytes[this.#chunk];
    if (expected === undefined || shard.chunk !== this.#chunk || shard.offset !== this.#offset) {
      throw this.#nonsense(`piece ${shard.chunk}:${shard.offset} came where ${this.#chunk}:${this.#offset} belongs`);
    }
    const end = this.#offset + shard.bytes.byteLength;
    if (shard.bytes.byteLength === 0 || end > expected) {
      throw this.#nonsense(
        `a piece of ${shard.bytes.byteLength} bytes at ${this.#offset} does not fit into a chunk of ${expected}`,
      );
    }
    const asItIs = shard.bytes.byteLength === expected && !this.#shared.has(shard.chunk) && ownsItsMemory(shard.bytes);
    if (asItIs) this.#chunks.push(shard.bytes);
    else this.#chunkAt(this.#chunk, expected).set(shard.bytes, this.#offset);
    this.#offset = end;
    if (end === expected) {
      this.#chunk++;
      this.#offset = 0;
      this.#skipEmptyChunks(chunkBytes);
    }
  }

  #skipEmptyChunks(chunkBytes: readonly number[]): void {
    while (chunkBytes[this.#chunk] === 0) {
      this.#chunkAt(this.#chunk, 0);
      this.#chunk++;
    }
  }

  #chunkAt(chunk: number, bytes: number): Uint8Array {
    const there = this.#chunks[chunk];
    if (there !== undefined) return there;
    try {
      const made = allocate(bytes, this.#shared.has(chunk));
      this.#chunks.push(made);
      return made;
    } catch (error) {
      throw this.#nonsense(`a chunk of ${bytes} bytes cannot be allocated`, error);
    }
  }

  #announced({ chunkBytes, shared = [] }: Shard): readonly number[] {
    if (this.#sharesMemory) this.#shared = new Set(shared);
    const total = chunkBytes.reduce((sum, bytes) => sum + bytes, 0);
    const sane = chunkBytes.every((bytes) => Number.isSafeInteger(bytes) && bytes >= 0);
    if (!sane || total > maxValueBytes)
      throw this.#nonsense(`it announces ${total} bytes in ${chunkBytes.length} chunks`);
    return chunkBytes;
  }

  #nonsense(what: string, cause?: unknown): ProtocolError {
    return new ProtocolError("BAD_FRAME", `The shards of task ${this.task} make no value: ${what}.`, { cause });
  }
}
