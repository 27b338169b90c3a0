import type { RunState } from "./run-state.ts";
import type { State } from "./states.ts";
import type { Trigger } from "./triggers.ts";

/** Who changes its state, as a handler of a task sees it. */
export interface TaskOfRun {
  readonly name: string;
  /** Which child of a mapped task it is. */
  readonly mapIndex?: number | undefined;
}

/** Called at each change of state. A state that it returns takes the new one's place; if it throws, the run fails. */
export type StateHandler<Subject> = (
  subject: Subject,
  oldState: RunState,
  newState: RunState,
) => ReturnedState | PromiseLike<ReturnedState>;

/** What a handler may return: nothing, or the state that is to hold instead. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a return statement returns void.
export type ReturnedState = State | RunState | undefined | void;

/** Called when the new state is a failed one. */
export type FailureHandler<Subject> = (subject: Subject, state: RunState) => void | PromiseLike<void>;

/** Decides whether a cached result may be used, from what it was made of and what is there now. */
export type CacheValidator = (entry: CacheEntry, inputs: CacheInputs) => boolean;

export interface CacheInputs {
  readonly args: readonly unknown[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

export interface CacheEntry extends CacheInputs {
  readonly result: unknown;
  /** Unix epoch milliseconds. */
  readonly cachedAtMs: number;
}

declare module "../client/task-options.ts" {
  interface TaskOptions {
    /** Decides from the upstream states whether a flow runs the task. Default `allSuccessful`. */
    trigger?: Trigger | undefined;
    /** Whether a cached result still counts. Default: results are taken for calls with equal arguments. */
    cacheValidator?: CacheValidator | undefined;
    /**
     * Called at each change of the task's state, where that change is made: on the worker, or in the flow runner for a
     * task whose code was stopped from outside.
     */
    stateHandlers?: readonly StateHandler<TaskOfRun>[] | undefined;
    /** Called when the task has failed, its retries used up. */
    onFailure?: FailureHandler<TaskOfRun> | undefined;
  }
}
