import { toWireError } from "../protocol/wire-error.ts";
import type { FailureHandler, ReturnedState, StateHandler } from "./flow-task-options.ts";
import { RunState } from "./run-state.ts";
import { Signal } from "./signals.ts";
import { failed, isFailed, type State } from "./states.ts";

/** Those who want to hear of the changes of a task's or a flow's state. */
export interface Handlers<Subject> {
  readonly stateHandlers?: readonly StateHandler<Subject>[] | undefined;
  readonly onFailure?: FailureHandler<Subject> | undefined;
}

/** Whether anybody listens at all: most tasks have no handler, and cost nothing. */
export function hasHandlers(handlers: Handlers<never>): boolean {
  return (handlers.stateHandlers?.length ?? 0) > 0 || handlers.onFailure !== undefined;
}

/**
 * Tells the handlers, in order, of a change. Gives the state that holds after them: each may replace it, and one that
 * throws makes it Failed.
 */
export async function callStateHandlers<Subject>(
  handlers: Handlers<Subject>,
  subject: Subject,
  oldState: State,
  newState: State,
): Promise<State> {
  let state = newState;
  try {
    for (const handler of handlers.stateHandlers ?? []) {
      state = plainState(await handler(subject, new RunState(oldState), new RunState(state))) ?? state;
    }
  } catch (thrown) {
    return handlerFailure(thrown);
  }
  return state;
}

/** Tells `onFailure` of a failure that stands. Apart from the state handlers, which hear of those that are retried, too. */
export async function callFailureHandler<Subject>(
  handlers: Handlers<Subject>,
  subject: Subject,
  state: State,
): Promise<State> {
  if (!isFailed(state)) return state;
  try {
    await handlers.onFailure?.(subject, new RunState(state));
  } catch (thrown) {
    return handlerFailure(thrown);
  }
  return state;
}

/** The data of the state that a handler returned, if it returned one. */
export function plainState(returned: ReturnedState): State | undefined {
  return returned instanceof RunState ? returned.data : (returned ?? undefined);
}

/** The state that a handler's throwing leads to. */
export function handlerFailure(thrown: unknown): State {
  if (thrown instanceof Signal) return thrown.state({ runCount: 0, loopCount: 0, retryDelayMs: 0 });
  const error = toWireError(thrown);
  return failed(`Unexpected error while calling state handlers: ${describeError(error)}`, error);
}

/** An error in a few words: its class and its message. */
export function describeError(error: { readonly name?: string | undefined; readonly message: string }): string {
  return error.name === undefined || error.name === "" ? error.message : `${error.name}: ${error.message}`;
}
