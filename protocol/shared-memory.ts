import type { EncodedValue } from "./messages.ts";

// What a task returns in shared memory stays shared: wherever the value goes, its chunk lies in shared memory again, so that
// all slots of a worker see the same bytes. Everything else is every consumer's own.

export const isShared = (bytes: Uint8Array): boolean => bytes.buffer instanceof SharedArrayBuffer;

/** The numbers of those chunks of a value that lie in shared memory. */
export function sharedChunksOf(value: EncodedValue): readonly number[] {
  return value.flatMap((chunk, index) => (isShared(chunk) ? [index] : []));
}

/** How much shared memory a value holds. */
export function sharedBytesOf(value: EncodedValue): number {
  return value.reduce((sum, chunk) => (isShared(chunk) ? sum + chunk.byteLength : sum), 0);
}

export const allocate = (bytes: number, shared: boolean): Uint8Array =>
  new Uint8Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
