import { ClusterError } from "./errors.ts";
import type { EncodedValue } from "./messages.ts";
import { createPackr, createUnpackr, packExactly, Ref, unpackWith } from "./packing.ts";
import { Lowering } from "./value-lower.ts";
import { decodePrimitive, encodePrimitive, notPrimitive } from "./value-primitive.ts";
import { Raising } from "./value-raise.ts";
import { isAwkwardText, Survey } from "./value-survey.ts";

export { Ref };

const packr = createPackr();
const unpackr = createUnpackr();

export interface EncodeOptions {
  /** The root word of paths in errors, such as "result" or "args". Default "value". */
  readonly label?: string | undefined;
  /** Asked about every object and function met; a returned `Ref` takes its place. */
  readonly replace?: ((object: object) => Ref | undefined) | undefined;
}

/**
 * Turns a value into bytes: JSON-like data, undefined, NaN, -0, Date, Map, Set, BigInt, RegExp, Error, typed arrays,
 * DataView, ArrayBuffer, Buffer, with cycles and shared references kept. Symbol keys, extra properties of arrays and
 * accessors as such are not kept; a hole of an array becomes undefined. Binaries of 64 KiB and more are not copied:
 * they must not change until the bytes have been sent.
 * @throws ClusterError UNSENDABLE_VALUE, with the path of what cannot be sent in the message and in `details.path`
 */
export function encodeValue(value: unknown, options: EncodeOptions = {}): EncodedValue {
  const primitive = encodePrimitive(value);
  if (primitive !== undefined) return [primitive];
  const label = options.label ?? "value";
  try {
    return isPlainPrimitive(value)
      ? [packExactly(packr, value, 0)]
      : encodeSurveyed(value, new Survey(label, options.replace));
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    // A getter or a proxy of the user's threw, or the memory does not suffice.
    const why = error instanceof Error ? error.message : String(error);
    throw new ClusterError("UNSENDABLE_VALUE", `${label} could not be read: ${why}`, {
      cause: error,
      details: { path: label },
    });
  }
}

function encodeSurveyed(value: unknown, survey: Survey): EncodedValue {
  survey.visit(value, 0);
  if (!survey.special) return [packExactly(packr, value, 0)];
  const lowering = new Lowering(survey);
  const head = packExactly(packr, lowering.whole(value), 0);
  return [head, ...lowering.chunks];
}

function isPlainPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case "string":
      return !isAwkwardText(value);
    case "bigint":
    case "undefined":
      return true;
    default:
      return false;
  }
}

/**
 * The value that these bytes stand for, with `refs[index]` wherever a `Ref` was. Large binaries are views of the chunks
 * where alignment permits, so the chunks must not change afterwards.
 * @throws ClusterError UNREADABLE_VALUE
 */
export function decodeValue(encoded: EncodedValue, refs: readonly unknown[] = []): unknown {
  const head = encoded[0];
  if (head === undefined || head.byteLength === 0) throw unreadable("it is empty", undefined);
  const primitive = decodePrimitive(head);
  if (primitive !== notPrimitive) return primitive;
  try {
    return unpackWith(unpackr, head, new Raising(encoded.slice(1), refs));
  } catch (error) {
    throw unreadable(error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(why: string, cause: unknown): ClusterError {
  return new ClusterError("UNREADABLE_VALUE", `these bytes are no value: ${why}`, { cause });
}

/** How many bytes an encoded value has in all. */
export function encodedBytes(encoded: EncodedValue): number {
  let bytes = 0;
  for (const part of encoded) bytes += part.byteLength;
  return bytes;
}
