import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { ClusterError } from "../../protocol/errors.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import { allocate } from "../../protocol/shared-memory.ts";
import { makeOwnedDirectory } from "../owned-directory.ts";

const magic = 0x4d535631;
/** Large enough for a disk's full speed, small enough to leave the thread to others in between. */
const pieceBytes = 4 << 20;
const trailerBytes = 4;

/**
 * Values on disk, a file each: magic and number of chunks, the size of each chunk, the chunks, a checksum of all that.
 * A file has its final name only once it is whole.
 */
export class SpillFiles {
  readonly #parent: string;
  #directory: Promise<string> | undefined;

  /** Files lie in a directory of their own in `parent`, made for the first of them. */
  constructor(parent: string) {
    this.#parent = parent;
  }

  async write(id: number, value: EncodedValue): Promise<void> {
    const path = await this.#path(id);
    const part = `${path}.part`;
    const file = await open(part, "w", 0o600);
    try {
      await writeValue(file, value);
    } catch (error) {
      await file.close().catch(() => {});
      await rm(part, { force: true }).catch(() => {});
      throw error;
    }
    await file.close();
    await rename(part, path);
  }

  /**
   * `shared`: the numbers of the chunks that are to lie in shared memory.
   * @throws {ClusterError} UNREADABLE_VALUE when the file is not what was written; the system's error when it cannot be read.
   */
  async read(id: number, shared: readonly number[] = []): Promise<EncodedValue> {
    const path = await this.#path(id);
    const file = await open(path, "r");
    try {
      return await readValue(file, path, shared);
    } finally {
      await file.close();
    }
  }

  /**
   * All bytes of a value in order, read as they are asked for, in pieces of at most so many; none reaches across two chunks.
   * @throws as `read` does, at the latest before the last piece.
   */
  async *pieces(id: number, bytesMax: number): AsyncGenerator<Uint8Array, void, void> {
    const path = await this.#path(id);
    const file = await open(path, "r");
    try {
      const { sizes, read, verify } = await readHeader(file, path);
      let missingBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
      for (const bytes of sizes) {
        for (let offset = 0; offset < bytes; offset += bytesMax) {
          const piece = Buffer.allocUnsafeSlow(Math.min(bytesMax, bytes - offset));
          await read(piece);
          missingBytes -= piece.byteLength;
          if (missingBytes === 0) await verify();
          yield piece;
        }
      }
    } finally {
      await file.close();
    }
  }

  async remove(id: number): Promise<void> {
    await rm(await this.#path(id), { force: true });
  }

  /** Removes all files. To be called when nothing is read or written any more. */
  async close(): Promise<void> {
    const directory = await this.#directory?.catch(() => undefined);
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  }

  async #path(id: number): Promise<string> {
    this.#directory ??= makeOwnedDirectory(this.#parent, spillPrefix).catch((error: unknown) => {
      // A disk that was full may have room later.
      this.#directory = undefined;
      throw error;
    });
    return join(await this.#directory, `${id}.value`);
  }
}

/** How the names of directories of spilled values begin. */
export const spillPrefix = "spill";

async function writeValue(file: FileHandle, value: EncodedValue): Promise<void> {
  let checksum = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    checksum = crc32(bytes, checksum);
    await writeAll(file, bytes);
  };
  await write(headerOf(value));
  for (const chunk of value) for (const piece of piecesOf(chunk)) await write(piece);
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(checksum);
  await writeAll(file, trailer);
}

function headerOf(value: EncodedValue): Buffer {
  const header = Buffer.alloc(8 + 8 * value.length);
  header.writeUInt32LE(magic, 0);
  header.writeUInt32LE(value.length, 4);
  for (const [index, chunk] of value.entries()) header.writeDoubleLE(chunk.byteLength, 8 + 8 * index);
  return header;
}

interface OpenValue {
  readonly sizes: readonly number[];
  /** Fills these bytes with the next ones. */
  read(bytes: Uint8Array): Promise<void>;
  /** To be called at the end. */
  verify(): Promise<void>;
}

async function readHeader(file: FileHandle, path: string): Promise<OpenValue> {
  let checksum = 0;
  const read = async (bytes: Uint8Array): Promise<void> => {
    for (const piece of piecesOf(bytes)) {
      await readAll(file, piece, path);
      checksum = crc32(piece, checksum);
    }
  };
  const verify = async (): Promise<void> => {
    const trailer = Buffer.alloc(trailerBytes);
    await readAll(file, trailer, path);
    if (trailer.readUInt32LE() !== checksum) throw damaged(path, "its checksum");
  };
  const { size } = await file.stat();
  const start = Buffer.alloc(8);
  await read(start);
  const chunks = start.readUInt32LE(4);
  if (start.readUInt32LE(0) !== magic || 8 + 8 * chunks + trailerBytes > size) throw damaged(path, "its start");
  const table = Buffer.alloc(8 * chunks);
  await read(table);
  const sizes = Array.from({ length: chunks }, (_, index) => table.readDoubleLE(8 * index));
  if (sizes.reduce((sum, bytes) => sum + bytes, start.byteLength + table.byteLength + trailerBytes) !== size)
    throw damaged(path, "its length");
  return { sizes, read, verify };
}

async function readValue(file: FileHandle, path: string, shared: readonly number[]): Promise<EncodedValue> {
  const { sizes, read, verify } = await readHeader(file, path);
  // Each chunk has a buffer of its own and begins aligned, as it did when it came.
  const value = sizes.map((bytes, index) => allocate(bytes, shared.includes(index)));
  for (const chunk of value) await read(chunk);
  await verify();
  return value;
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let offset = 0; offset < bytes.byteLength; offset += pieceBytes)
    yield bytes.subarray(offset, offset + pieceBytes);
}

/** A disk that fills up takes less than it was given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.byteLength; ) {
    const { bytesWritten } = await file.write(bytes, offset);
    offset += bytesWritten;
  }
}

async function readAll(file: FileHandle, into: Uint8Array, path: string): Promise<void> {
  for (let offset = 0; offset < into.byteLength; ) {
    const { bytesRead } = await file.read(into, offset);
    if (bytesRead === 0) throw damaged(path, "its end");
    offset += bytesRead;
  }
}

function damaged(path: string, what: string): ClusterError {
  return new ClusterError("UNREADABLE_VALUE", `The spilled result in ${path} is damaged: ${what} is not as written.`);
}
