import { withoutOwnFrames } from "../../protocol/own-frames.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import { Signal, type SignalContext } from "../signals.ts";
import { describeError } from "../state-handlers.ts";
import { failed, type State, success } from "../states.ts";

/** How a call of the task's function ended. */
export interface Outcome {
  readonly state: State;
  /** What it threw, if it threw. */
  readonly thrown?: unknown;
}

/** Calls the task's function (or anything else of the user's) and says in a state how that ended. */
export async function runFunction(fn: () => unknown, signals: SignalContext): Promise<Outcome> {
  try {
    return { state: success("Succeeded.", await fn()) };
  } catch (thrown) {
    if (thrown instanceof Signal) return { state: thrown.state(signals), thrown };
    const error = withoutOwnFrames(toWireError(thrown));
    return { state: failed(`The task threw ${describeError(error)}`, error), thrown };
  }
}
