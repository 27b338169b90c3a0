import "./task-runner/entry.ts";

export { flatten, unmapped } from "./builder/map-arguments.ts";
export { parameter } from "./builder/parameter.ts";
export { merge } from "./control/merge.ts";
export { resource, type UseResource } from "./control/resource.ts";
export { switchOn } from "./control/switch-on.ts";
export { when } from "./control/when.ts";
export { type Dependencies, Flow, flow } from "./flow.ts";
export { type FlowRunContext, type FlowTaskContext, flowContext } from "./flow-context.ts";
export type { FlowOptions, TerminalStateHandler } from "./flow-options.ts";
export type { GivenContext, RunOptions, TaskSelector } from "./flow-runner/run-options.ts";
export type { TaskStateChange } from "./flow-runner/task-attempts.ts";
export { FlowState } from "./flow-state.ts";
export type {
  CacheEntry,
  CacheInputs,
  CacheValidator,
  FailureHandler,
  ReturnedState,
  StateHandler,
  TaskOfRun,
} from "./flow-task-options.ts";
export { RunState } from "./run-state.ts";
export { FAIL, LOOP, PAUSE, RETRY, Signal, SKIP, SUCCESS, TRIGGERFAIL, VALIDATIONFAIL } from "./signals.ts";
export type { State, StateType } from "./states.ts";
export * as states from "./states.ts";
export {
  allFailed,
  allFinished,
  allSuccessful,
  alwaysRun,
  anyFailed,
  anySuccessful,
  manualOnly,
  notAllSkipped,
  someFailed,
  someSuccessful,
  type Trigger,
  type TriggerBounds,
  type TriggerContext,
} from "./triggers.ts";
