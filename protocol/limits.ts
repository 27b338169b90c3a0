// How much a message may hold, in whichever form it is written. Here is no schema, so that nobody has to load one for them.

/** Characters of names, keys and addresses. */
export const nameCharsMax: number = 64 * 1024;
/** Characters of a function's name and of a client's prefix: a key that is made of both, and a number, is no longer than a name. */
export const keyPartCharsMax: number = 16 * 1024;
/** Characters of a name that a user gives to a task or a run, or by which he means workers or resources. */
export const givenNameCharsMax = 512;
/** Characters of a key that a user gives, which may well be made of several names. */
export const givenKeyCharsMax = 1_024;
/** Characters of the messages and stacks of errors, and of reasons. */
export const textCharsMax: number = 1024 * 1024;
/** Bytes of a value that is told as one shard, in its compact form. */
export const smallValueBytesMax: number = 4 * 1024;
/** Messages in one frame. */
export const frameMessagesMax = 20_000;
/** The parts of one value, and of other short lists. */
export const listLengthMax = 100_000;
/** Tasks, futures and what is listed one a task, in one message. */
export const bulkLengthMax = 4_000_000;
