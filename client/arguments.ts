import { ClusterError } from "../protocol/errors.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import { encodedBytes, encodeValue, Ref } from "../protocol/value.ts";
import { encodeFlat, type Numbering } from "./flat-arguments.ts";

/** A frame holds less than 64 MiB; what is near it would delay everything behind it. */
const argumentBytesMax = 32 * 2 ** 20;
/** More placeholders than this are found by a map. */
const searchedMax = 8;

export interface EncodedArguments<Placeholder> {
  readonly args: EncodedValue;
  /** What the placeholders stand for, each once: `Ref(i)` in the arguments stands for the value of the i-th. */
  readonly deps: readonly Placeholder[];
}

/**
 * Encodes arguments now, so that what the caller changes in them afterwards does not matter. `placeholderOf` says what an
 * object stands for, or that it stands for itself.
 * @throws ClusterError UNSENDABLE_VALUE naming the path, TOO_LARGE
 */
export function encodeArguments<Placeholder extends object>(
  args: readonly unknown[],
  placeholderOf: (object: object) => Placeholder | undefined,
): EncodedArguments<Placeholder> {
  const flat = flatArguments(args, placeholderOf);
  const encoded = flat ?? surveyedArguments(args, placeholderOf);
  const bytes = encodedBytes(encoded.args);
  if (bytes > argumentBytesMax) {
    throw new ClusterError(
      "TOO_LARGE",
      `the arguments take ${bytes} bytes, and may take ${argumentBytesMax}: put large values onto workers with client.scatter(), and pass the futures`,
      { details: { bytes, bytesMax: argumentBytesMax } },
    );
  }
  return encoded;
}

function flatArguments<Placeholder extends object>(
  args: readonly unknown[],
  placeholderOf: (object: object) => Placeholder | undefined,
): EncodedArguments<Placeholder> | undefined {
  if (!Array.isArray(args)) return undefined;
  const deps: Placeholder[] = [];
  try {
    const bytes = encodeFlat(args, numbering(placeholderOf, deps));
    return bytes === undefined ? undefined : { args: [bytes], deps };
  } catch (error) {
    if (error instanceof ClusterError) throw error;
    // A getter or a proxy of the user's threw: it does so again, where there are words for it.
    return undefined;
  }
}

function surveyedArguments<Placeholder extends object>(
  args: readonly unknown[],
  placeholderOf: (object: object) => Placeholder | undefined,
): EncodedArguments<Placeholder> {
  const deps: Placeholder[] = [];
  const refs: Ref[] = [];
  const numberOf = numbering(placeholderOf, deps);
  const replace = (object: object): Ref | undefined => {
    const number = numberOf(object);
    if (number === undefined) return undefined;
    refs[number] ??= new Ref(number);
    return refs[number];
  };
  return { args: encodeValue([...args], { label: "args", replace }), deps };
}

/** Numbers what placeholders stand for in the order in which they are met, and lists it in `deps`. */
function numbering<Placeholder extends object>(
  placeholderOf: (object: object) => Placeholder | undefined,
  deps: Placeholder[],
): Numbering {
  let numbers: Map<Placeholder, number> | undefined;
  return (object) => {
    const placeholder = placeholderOf(object);
    if (placeholder === undefined) return undefined;
    if (deps.length <= searchedMax) {
      const number = deps.indexOf(placeholder);
      return number < 0 ? deps.push(placeholder) - 1 : number;
    }
    numbers ??= new Map(deps.map((dep, index) => [dep, index]));
    const number = numbers.get(placeholder);
    if (number !== undefined) return number;
    numbers.set(placeholder, deps.length);
    return deps.push(placeholder) - 1;
  };
}
