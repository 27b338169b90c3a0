/** What a message without binaries is taken to weigh. */
const messageBytes = 200;
const taskBytes = 150;
/** Shorter keys are little of a message, and a character takes up to three bytes. */
const keyCharsUsual = 64;
const charBytes = 3;
/** What is said of an input: its task, its size and who holds it. */
const inputBytes = 12;

/** Of messages whose sender counted what is in them. */
const known = new WeakMap<object, number>();

/** The same message, which has binaries of so many bytes and little else: it need not be walked to be weighed. */
export function weighed<Message extends object>(message: Message, bytes: number): Message {
  known.set(message, messageBytes + bytes);
  return message;
}

/**
 * About how many bytes a message takes in a frame: its binaries exactly, the rest as a flat guess. Cheap enough to be asked
 * for every message; it decides when a sender should wait and where a frame ends.
 */
export function weigh(message: unknown): number {
  const { bytes, args, value, tasks, inputs, key } = message as Readonly<Record<string, unknown>>;
  const counted = tasks === undefined ? undefined : known.get(message as object);
  if (counted !== undefined) return counted;
  let weight = messageBytes;
  if (bytes instanceof Uint8Array) weight += bytes.byteLength;
  if (args !== undefined) weight += partsBytes(args);
  if (value !== undefined) weight += partsBytes(value);
  if (typeof key === "string" && key.length > keyCharsUsual) weight += charBytes * key.length;
  if (Array.isArray(inputs)) weight += inputBytes * inputs.length;
  if (Array.isArray(tasks)) {
    for (const task of tasks) if (typeof task === "object") weight += taskBytes + partsBytes(task.args);
  }
  return weight;
}

function partsBytes(parts: unknown): number {
  let bytes = 0;
  if (Array.isArray(parts)) for (const part of parts) if (part instanceof Uint8Array) bytes += part.byteLength;
  return bytes;
}
