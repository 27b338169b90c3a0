// How much a message may hold, in whichever form it is written. Here is no schema, so that nobody has to load one for them.

/** Characters of names, keys and addresses. */
export const nameCharsMax: number = 64 * 1024;
/** Characters of the messages and stacks of errors. */
export const textCharsMax: number = 1024 * 1024;
/** The parts of one value, and of other short lists. */
export const listLengthMax = 100_000;
/** Tasks, futures and what is listed one a task, in one message. */
export const bulkLengthMax = 4_000_000;
