import type { EncodedValue } from "../../protocol/messages.ts";

/** Smaller chunks are cheaper to clone with their message than to hand over on their own. */
const transferFromBytes = 32 * 1024;

/** Chunks that are safe to post to another thread, and the buffers among them that may be handed over. */
export interface PostableChunks {
  readonly chunks: Uint8Array[];
  readonly transfer: ArrayBuffer[];
}

/**
 * Makes a value's chunks ready for postMessage with one copy of each. What is handed over is always our copy and never the
 * buffer that came in: a task may return a buffer that it keeps, and inputs are stored for others. A view of a larger buffer
 * is copied out, because posting it would take the whole buffer along. Shared memory stays shared.
 */
export function postableChunks(value: EncodedValue): PostableChunks {
  const transfer: ArrayBuffer[] = [];
  const chunks = value.map((chunk) => {
    if (chunk.buffer instanceof SharedArrayBuffer) return chunk;
    const small = chunk.byteLength < transferFromBytes;
    if (small && chunk.byteLength === chunk.buffer.byteLength) return chunk;
    // Not slice(): a Buffer's slice() would be a view of the same memory.
    const copy = new Uint8Array(chunk);
    if (!small) transfer.push(copy.buffer);
    return copy;
  });
  return { chunks, transfer };
}
