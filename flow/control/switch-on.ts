import type { Reference } from "../../client/placeholder.ts";
import { when } from "./when.ts";

/**
 * Runs the one branch whose key is the value of `condition`, read as a text; the tasks of the others are skipped. Gives
 * what each branch returns, by its key; `merge` joins them.
 * @throws ClusterError BAD_FLOW outside the body of a flow.
 */
export function switchOn<Branches extends Readonly<Record<string, () => unknown>>>(
  condition: Reference<unknown>,
  branches: Branches,
): { readonly [Key in keyof Branches]: ReturnType<Branches[Key]> } {
  const results = Object.entries(branches).map(([key, body]) => [key, when<unknown, unknown>(condition, key, body)]);
  return Object.fromEntries(results) as { readonly [Key in keyof Branches]: ReturnType<Branches[Key]> };
}
