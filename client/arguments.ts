import { ClusterError } from "../protocol/errors.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import { encodedBytes, encodeValue, Ref } from "../protocol/value.ts";

/** A frame holds less than 64 MiB; what is near it would delay everything behind it. */
const argumentBytesMax = 32 * 2 ** 20;

export interface EncodedArguments<Placeholder> {
  readonly args: EncodedValue;
  /** The placeholders met, each once: `Ref(i)` in the arguments stands for the value of the i-th. */
  readonly deps: readonly Placeholder[];
}

/**
 * Encodes arguments now, so that what the caller changes in them afterwards does not matter.
 * @throws ClusterError UNSENDABLE_VALUE naming the path, TOO_LARGE
 */
export function encodeArguments<Placeholder extends object>(
  args: readonly unknown[],
  isPlaceholder: (object: object) => object is Placeholder,
): EncodedArguments<Placeholder> {
  const refs = new Map<Placeholder, Ref>();
  const replace = (object: object): Ref | undefined => {
    if (!isPlaceholder(object)) return undefined;
    const ref = refs.get(object) ?? new Ref(refs.size);
    refs.set(object, ref);
    return ref;
  };
  const encoded = encodeValue([...args], { label: "args", replace });
  const bytes = encodedBytes(encoded);
  if (bytes > argumentBytesMax) {
    throw new ClusterError(
      "TOO_LARGE",
      `the arguments take ${bytes} bytes, and may take ${argumentBytesMax}: put large values onto workers with client.scatter(), and pass the futures`,
      { details: { bytes, bytesMax: argumentBytesMax } },
    );
  }
  return { args: encoded, deps: [...refs.keys()] };
}
