import { checkOptions, isFunction, isFunctions, type OptionChecks } from "../client/task-options.ts";
import type { Executor } from "./executor.ts";
import type { Flow } from "./flow.ts";
import type { TaskSelector } from "./flow-runner/run-options.ts";
import type { FailureHandler, ReturnedState, StateHandler } from "./flow-task-options.ts";
import type { RunState } from "./run-state.ts";

/** Called once, when a run has ended and its executor has stopped, with the states of the reference tasks. */
export type TerminalStateHandler = (
  flow: Flow,
  state: RunState,
  referenceStates: readonly RunState[],
) => ReturnedState | PromiseLike<ReturnedState>;

export interface FlowOptions {
  /** Runs the flow's tasks where a run names no other. Default: LocalExecutor. */
  readonly executor?: Executor | undefined;
  /** The tasks that decide how a run ends. Default: those that no other task depends on. A function may give them later. */
  readonly referenceTasks?: readonly TaskSelector[] | (() => readonly TaskSelector[]) | undefined;
  /** Called at each change of the state of a run. */
  readonly stateHandlers?: readonly StateHandler<Flow>[] | undefined;
  /** May put another state in the place of the one that a run ended with. */
  readonly terminalStateHandler?: TerminalStateHandler | undefined;
  /** Called when a run has failed. */
  readonly onFailure?: FailureHandler<Flow> | undefined;
}

const isExecutor = (value: unknown): string | undefined =>
  typeof (value as Partial<Executor> | null)?.start === "function"
    ? undefined
    : "an executor, such as new LocalExecutor()";

const flowChecks: OptionChecks = {
  executor: isExecutor,
  referenceTasks: (value) => (Array.isArray(value) || typeof value === "function" ? undefined : "an array of tasks"),
  stateHandlers: isFunctions,
  terminalStateHandler: isFunction,
  onFailure: isFunction,
};

/** @throws ConfigurationError BAD_OPTION */
export function checkFlowOptions(flowName: string, options: FlowOptions): void {
  checkOptions(`flow "${flowName}"`, options, flowChecks);
}
