import { ProtocolError } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import type { EncodedValue, Shard } from "./messages.ts";

/** Small enough that heartbeats and other transfers get their turn in between. */
export const maxShardBytes: number = 1 << 20;
/** More than any worker holds in memory; a peer that announces more is talking nonsense. */
const maxValueBytes = 2 ** 36;

/** The pieces of a value, in order, without copying. */
export function* shardsOf(task: TaskId, value: EncodedValue): Generator<Shard> {
  let chunkBytes: readonly number[] = value.map((chunk) => chunk.byteLength);
  const lastChunk = chunkBytes.findLastIndex((bytes) => bytes > 0);
  if (lastChunk < 0) {
    yield { task, chunkBytes, chunk: 0, offset: 0, bytes: new Uint8Array(), last: true };
    return;
  }
  for (const [chunk, all] of value.entries()) {
    for (let offset = 0; offset < all.byteLength; offset += maxShardBytes) {
      const bytes = all.subarray(offset, offset + maxShardBytes);
      const last = chunk === lastChunk && offset + bytes.byteLength === all.byteLength;
      yield { task, chunkBytes, chunk, offset, bytes, last };
      // Said once: a value of thousands of chunks would otherwise carry the list thousands of times.
      chunkBytes = [];
    }
  }
}

/** It came in memory of its own, of which nobody else knows: it may be kept as it is. */
const ownsItsMemory = (bytes: Uint8Array): boolean => bytes.byteLength === bytes.buffer.byteLength;

/** Puts one value together. Each chunk is allocated once, when its first piece comes, and every piece must be the next one. */
export class ShardAssembler {
  readonly task: TaskId;
  readonly #chunks: Uint8Array[] = [];
  #chunkBytes: readonly number[] | undefined;
  #chunk = 0;
  #offset = 0;

  constructor(task: TaskId) {
    this.task = task;
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
    if (shard.bytes.byteLength === expected && ownsItsMemory(shard.bytes)) this.#chunks.push(shard.bytes);
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
      const made = new Uint8Array(bytes);
      this.#chunks.push(made);
      return made;
    } catch (error) {
      throw this.#nonsense(`a chunk of ${bytes} bytes cannot be allocated`, error);
    }
  }

  #announced({ chunkBytes }: Shard): readonly number[] {
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
