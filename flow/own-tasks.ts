import { ownTask, type Task } from "../client/task.ts";
import { itemAt } from "./item-at.ts";
import type { Path } from "./place-values.ts";
import { SKIP } from "./signals.ts";
import { stateResult } from "./state-result.ts";
import { isSkipped, type State, success } from "./states.ts";
import { type Measure, type Summary, summarize } from "./summary.ts";
import { notAllSkipped } from "./triggers.ts";

/** Tells the flow runner how a task ended and, where tasks are mapped over its result, how long that is. */
export const stateSummary: Task<[State, readonly Measure[]], Summary> = ownTask("stateSummary", summarize);

/** Takes a stretch out of a list, so that not every child of a long list has to be handed all of it. */
export const listPart: Task<[State, Path, number, number], State> = ownTask(
  "listPart",
  (state: State, item: Path, from: number, to: number): State => {
    const list = itemAt(stateResult(state), item, "") as { slice(from: number, to: number): unknown };
    return success("A part of a list.", list.slice(from, to));
  },
);

/** Lets a branch of a flow run only if a value is the expected one. */
export const compareValue: Task<[unknown, unknown], void> = ownTask(
  "compareValue",
  (value: unknown, expected: unknown) => {
    if (!isExpected(value, expected))
      throw new SKIP(`${String(value)} is not ${String(expected)}, so this branch is skipped.`);
  },
);

/** Gives the result of the first branch that was not skipped. */
export const mergeBranches: Task<[readonly (State | readonly State[])[]], unknown> = ownTask(
  "merge",
  (branches: readonly (State | readonly State[])[]) => {
    const taken = branches.find((branch) => !isWhollySkipped(branch));
    if (taken === undefined) throw new SKIP("Every branch was skipped.");
    return "length" in taken ? taken.map(stateResult) : stateResult(taken);
  },
  { trigger: notAllSkipped, skipOnUpstreamSkip: false },
);

function isExpected(value: unknown, expected: unknown): boolean {
  // The cases of switchOn are the keys of an object, and so are always texts.
  return (
    Object.is(value, expected) ||
    (typeof expected === "string" && typeof value !== "object" && String(value) === expected)
  );
}

function isWhollySkipped(branch: State | readonly State[]): boolean {
  return "length" in branch ? branch.length > 0 && branch.every(isSkipped) : isSkipped(branch);
}
