import { localError } from "../client/local-error.ts";
import { CancelledError, ClusterError } from "../protocol/errors.ts";
import { hasResult, isFailed, type State } from "./states.ts";

/**
 * What a state stands for where its task's result is asked for: the result, the error of a task that failed or was
 * cancelled, and undefined for everything else.
 */
export function stateResult(state: State): unknown {
  if (hasResult(state)) return state.result;
  return stateError(state);
}

/** Why a task failed or was cancelled, as an Error. Undefined for every other state. */
export function stateError(state: State): Error | undefined {
  if (state.type === "Cancelled") return new CancelledError(state.message);
  if (!isFailed(state)) return undefined;
  if (state.error !== undefined) return localError(state.error);
  return new ClusterError("FLOW_FAILED", state.message, { details: { state: state.type } });
}
