import { didYouMean } from "../cli/closest.ts";
import { ConfigurationError } from "../protocol/errors.ts";

/**
 * Those of these that were asked for by name ("a,b"), in the order in which they stand here; all of them without a wish.
 * @throws ConfigurationError BAD_OPTION naming every name that nothing has
 */
export function choose<T extends { readonly name: string }>(
  what: string,
  wish: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (wish === undefined) return all;
  const wanted = wish.split(",").map((name) => name.trim());
  const names = all.map(({ name }) => name);
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const complaints = unknown.map((name) => `"${name}"${didYouMean(name, names)}`);
    throw new ConfigurationError(
      "BAD_OPTION",
      `there is no ${what} ${complaints.join(", ")}; there are ${names.join(", ")}`,
    );
  }
  return all.filter(({ name }) => wanted.includes(name));
}
