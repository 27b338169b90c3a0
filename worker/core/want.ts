import type { TaskId } from "../../protocol/ids.ts";
import { type Attempt, comparePriorities } from "./attempt.ts";

/** A result that somebody here needs and that is not held here. Each is fetched once, however many need it. */
export interface Want {
  readonly task: TaskId;
  readonly bytes: number;
  /** Of the first that wanted it; a copy for its own sake comes last. */
  readonly priority: readonly number[];
  readonly sequence: number;
  /** Where the scheduler says it lies, each once; few, and nearly always one. */
  readonly holders: string[];
  /** Those of them that did not give it up. */
  tried: readonly string[];
  /** Each once. */
  readonly dependents: Attempt[];
  /** The scheduler asked for a copy of it here. */
  replicate: boolean;
  state: WantState;
}

export type WantState =
  /** In the queue of every holder that was not tried. */
  | { readonly kind: "queued" }
  | { readonly kind: "fetching"; readonly fetch: number }
  /** An attempt that is here makes it. */
  | { readonly kind: "made-here" }
  /** No holder is left; the scheduler was asked for others, once. */
  | { readonly kind: "asked" };

/** The order in which wants are fetched: that of the attempts that wait for them. */
export function compareWants(a: Want, b: Want): number {
  return comparePriorities(a.priority, b.priority) || a.sequence - b.sequence;
}

export function isOrphan(want: Want): boolean {
  return want.dependents.length === 0 && !want.replicate;
}

export function untriedHolders(want: Want): readonly string[] {
  if (want.tried.length === 0) return want.holders;
  return want.holders.filter((address) => !want.tried.includes(address));
}
