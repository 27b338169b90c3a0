import { ownTask, type Task } from "../client/task.ts";
import { SKIP } from "./signals.ts";
import { stateResult } from "./state-result.ts";
import { isSkipped, type State } from "./states.ts";
import { type Measure, type Summary, summarize } from "./summary.ts";
import { notAllSkipped } from "./triggers.ts";

/** Tells the flow runner how a task ended and, where tasks are mapped over its result, how long that is. */
export const stateSummary: Task<[State, readonly Measure[]], Summary> = ownTask("stateSummary", summarize);

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
