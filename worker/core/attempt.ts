import type { FnRef } from "../../protocol/code.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { Assignment } from "../../protocol/messages.ts";

/** One attempt at a task. Each state holds exactly what exists in it. */
export interface Attempt {
  readonly assignment: Assignment;
  readonly fn: FnRef;
  /** Grows with every assignment: of equal priority, the latest runs first. */
  readonly sequence: number;
  state: AttemptState;
}

export type AttemptState =
  /** Some inputs are not here yet, or the code is not. */
  | { readonly kind: "waiting"; readonly inputs: Set<TaskId>; code: boolean }
  /** Everything is here but a slot, or the resources. */
  | { readonly kind: "ready" }
  | { readonly kind: "executing"; readonly job: number }
  /** Taken back, but its slot has not confirmed the end. `answer`: the scheduler is owed a "cancelled". */
  | { readonly kind: "stopping"; readonly job: number; force: boolean; answer: boolean; next: Assignment | undefined };

/** Shared by all that are, because there is nothing more to say of them. */
export const isReady: AttemptState = { kind: "ready" };

/** Lower runs first; element by element, and a missing element counts as 0. */
export function comparePriorities(a: readonly number[], b: readonly number[]): number {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
