import type { EncodedValue } from "./messages.ts";

// What a task returns in shared memory stays shared: wherever the value goes, its chunk lies in shared memory again, so that
// all slots of a worker see the same bytes. Everything else is every consumer's own.

// The head never does, and most values are nothing else: to look at the buffer of a small one would be dear, because V8 makes
// it only then.

const none: readonly number[] = [];

const isShared = (bytes: Uint8Array): boolean => bytes.buffer instanceof SharedArrayBuffer;

/** The numbers of those chunks of a value that lie in shared memory. */
export function sharedChunksOf(value: EncodedValue): readonly number[] {
  return value.length === 1 ? none : value.flatMap((chunk, index) => (isShared(chunk) ? [index] : []));
}

/** How much shared memory a value holds. */
export function sharedBytesOf(value: EncodedValue): number {
  return value.length === 1 ? 0 : value.reduce((sum, chunk) => (isShared(chunk) ? sum + chunk.byteLength : sum), 0);
}

export const allocate = (bytes: number, shared: boolean): Uint8Array =>
  new Uint8Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
