import type { Reference } from "../../client/placeholder.ts";
import type { AnyTask } from "../../client/task.ts";
import { checkOptions, isFlag, isFunction, isText, type OptionChecks } from "../../client/task-options.ts";
import { ConfigurationError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { Executor } from "../executor.ts";
import type { RunState } from "../run-state.ts";
import type { State } from "../states.ts";
import type { CancelMode } from "./stop-work.ts";
import type { TaskStateChange } from "./task-attempts.ts";

/** What a run's caller may put in its context; tasks find it in `flowContext()`, and other names with it. */
export interface GivenContext {
  /** Default: now. */
  readonly date?: Date | undefined;
  /** Default: `date`. */
  readonly scheduledStartTime?: Date | undefined;
  /** Default: a new UUID. */
  readonly flowRunId?: string | undefined;
  /** The container image of the run. */
  readonly image?: string | undefined;
  /** Parameters that are used where the run's own `parameters` say nothing. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly [name: string]: unknown;
}

/** Names a task of a flow: a reference to a call of it, the task where it is called once, or the call's name. */
// biome-ignore lint/suspicious/noExplicitAny: a reference to a result of whatever type.
export type TaskSelector = Reference<any> | AnyTask | string;

export interface RunOptions {
  /** Values of the flow's parameters. */
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  /** Runs the tasks. Default: the flow's own executor, else LocalExecutor. */
  readonly executor?: Executor | undefined;
  readonly context?: GivenContext | undefined;
  /** Aborting it cancels the run: nothing more is submitted, and what runs is stopped. */
  readonly signal?: AbortSignal | undefined;
  /** What a cancelled run does with tasks that run: "stop" (default) stops them, "drain" lets them finish. */
  readonly cancel?: CancelMode | undefined;
  /** Ctrl-C (SIGINT) and SIGTERM cancel the run. Default false: the process's own handling stays. */
  readonly cancelOnInterrupt?: boolean | undefined;
  /**
   * Whose results are here when the run is over: of terminal and reference tasks ("terminal", the default), of all tasks,
   * or of none. States are always here; other results stay on their workers, and go with a temporary cluster.
   */
  readonly fetch?: "terminal" | "all" | "none" | undefined;
  /** States that tasks start with: `states.resume()` for one that was paused, a finished state for one that is not to run. */
  readonly taskStates?: Iterable<readonly [TaskSelector, State | RunState]> | undefined;
  /** Whether the run waits for the flow's schedule. A flow without a schedule runs at once: only false is allowed. */
  readonly runOnSchedule?: boolean | undefined;
  /** Told of each change of a task's state that the flow runner sees: Submitted, Mapped, Retrying, and how it ended. */
  readonly onTaskState?: ((change: TaskStateChange) => void) | undefined;
  /** Where the run's performance report is written, when it ends in any way. Default: where its executor says, if at all. */
  readonly performanceReportPath?: string | undefined;
  /** Default: says nothing. */
  readonly logger?: Logger | undefined;
}

const isObject = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null ? undefined : "an object";
const oneOf =
  (...allowed: unknown[]) =>
  (value: unknown): string | undefined =>
    allowed.includes(value) ? undefined : allowed.map((one) => JSON.stringify(one)).join(" or ");

const runChecks: OptionChecks = {
  parameters: isObject,
  executor: isObject,
  context: isObject,
  signal: (value) => (value instanceof AbortSignal ? undefined : "an AbortSignal"),
  cancel: oneOf("stop", "drain"),
  cancelOnInterrupt: isFlag,
  fetch: oneOf("terminal", "all", "none"),
  taskStates: isObject,
  runOnSchedule: isFlag,
  onTaskState: isFunction,
  performanceReportPath: isText,
  logger: isObject,
};

/** @throws ConfigurationError BAD_OPTION */
export function checkRunOptions(flowName: string, options: RunOptions): void {
  checkOptions(`a run of flow "${flowName}"`, options, runChecks);
  if (options.runOnSchedule === true) {
    throw new ConfigurationError(
      "BAD_OPTION",
      `bad options for a run of flow "${flowName}": runOnSchedule is true, but the flow has no schedule`,
    );
  }
}
