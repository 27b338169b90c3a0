import { AsyncLocalStorage } from "node:async_hooks";
import { ClusterError } from "../protocol/errors.ts";

/** What a flow run tells its tasks, beside what the caller of `flow.run` put in its `context`. Plain data. */
export interface FlowRunContext {
  readonly flowName: string;
  readonly flowRunId: string;
  /** When the run started. */
  readonly date: Date;
  /** When it was to start: equal to `date` where nothing scheduled it. */
  readonly scheduledStartTime: Date;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The container image that the run was deployed with. */
  readonly image?: string | undefined;
  readonly [name: string]: unknown;
}

/** What a task of a flow may know of its run. */
export interface FlowTaskContext extends FlowRunContext {
  readonly taskName: string;
  /** How this run of the task is called: its `taskRunName`, else its name. */
  readonly taskRunName: string;
  /** Which child of a mapped task it is. */
  readonly mapIndex?: number | undefined;
  /** How many times the task has run, this time included. */
  readonly runCount: number;
  /** Rounds of its loop that came before this one. */
  readonly loopCount: number;
  /** What the round before this one gave to LOOP. */
  readonly loopResult?: unknown;
}

const contexts = new AsyncLocalStorage<FlowTaskContext>();

/**
 * The context of the flow's task that is running.
 * @throws ClusterError NOT_STARTED when it is called outside a task of a flow.
 */
export function flowContext(): FlowTaskContext {
  const context = contexts.getStore();
  if (context === undefined) {
    throw new ClusterError(
      "NOT_STARTED",
      "flowContext() was called outside a task of a flow: there is one only while such a task runs, and in what it awaits",
    );
  }
  return context;
}

/** Runs `body`, and all that it awaits, as the task that `context` describes. */
export function withFlowContext<T>(context: FlowTaskContext, body: () => T): T {
  return contexts.run(context, body);
}
