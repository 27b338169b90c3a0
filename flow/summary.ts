import { itemAt } from "./item-at.ts";
import type { Path } from "./place-values.ts";
import { hasResult, type State } from "./states.ts";

/** A part of a result that tasks are mapped over. */
export interface Measure {
  readonly item: Path;
  /** It is a list of lists, and the inner lengths are asked for. */
  readonly flattened: boolean;
}

/** The length of a list, or the lengths of its lists. Null: it is no list (or a part is none), and cannot be mapped over. */
export type Length = number | readonly number[] | null;

/** What travels of a state, while its result stays where it is. */
export interface Summary {
  readonly state: State;
  /** One for each measure that was asked for; empty when there is no result. */
  readonly lengths: readonly Length[];
}

/** Leaves the result out of a state, and measures it. */
export function summarize(state: State, measures: readonly Measure[]): Summary {
  if (hasResult(state)) {
    return {
      state: { ...state, result: undefined },
      lengths: measures.map((measure) => lengthOf(state.result, measure)),
    };
  }
  if (state.type === "Retrying" && state.loop !== undefined) {
    return { state: { ...state, loop: { ...state.loop, result: undefined } }, lengths: [] };
  }
  return { state, lengths: [] };
}

/** The length of the part of a result that a measure is about. */
export function lengthOf(result: unknown, { item, flattened }: Measure): Length {
  let list: unknown;
  try {
    list = itemAt(result, item, "");
  } catch {
    return null;
  }
  if (!isList(list)) return null;
  if (!flattened) return list.length;
  const lengths = Array.from(list, (inner) => (isList(inner) ? inner.length : -1));
  return lengths.includes(-1) ? null : lengths;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}
