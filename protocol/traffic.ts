/** Bytes of frames over all sockets of this thread, since it began. */
export const traffic: { sentBytes: number; receivedBytes: number } = { sentBytes: 0, receivedBytes: 0 };
