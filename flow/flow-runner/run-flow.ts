import { randomUUID } from "node:crypto";
import type { ReportEnding } from "../../client/performance-report.ts";
import type { Clock } from "../../protocol/clock.ts";
import { CancelledError, ClusterError } from "../../protocol/errors.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import { importingInSlot } from "../../protocol/task-registry.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { FlowNode } from "../builder/node.ts";
import type { Executor } from "../executor.ts";
import type { Flow } from "../flow.ts";
import type { FlowRunContext } from "../flow-context.ts";
import { FlowState, nodeState } from "../flow-state.ts";
import { RunState } from "../run-state.ts";
import { callFailureHandler, callStateHandlers, describeError, handlerFailure, plainState } from "../state-handlers.ts";
import { cancelled, failed, isFinished, isRunning, isSuccessful, pending, running, type State } from "../states.ts";
import { systemClock } from "../system-clock.ts";
import { finalState } from "./final-state.ts";
import { FlowRunner } from "./flow-runner.ts";
import { resolveParameters } from "./parameters.ts";
import type { RunOptions } from "./run-options.ts";
import { stopWork, whenAborted } from "./stop-work.ts";

/** What tests put in the place of this machine's. */
export interface RunServices {
  readonly clock?: Clock | undefined;
}

/** Runs a flow once, from Pending to its final state. Rejects only for what the caller got wrong. */
export async function runFlow(
  flow: Flow,
  executor: Executor,
  options: RunOptions,
  services: RunServices = {},
): Promise<FlowState> {
  if (importingInSlot()) {
    throw new ClusterError(
      "BAD_FLOW",
      `flow "${flow.name}" was started while its module was being imported by a worker: put the call of run() under \`if (import.meta.main)\``,
    );
  }
  const { graph } = flow;
  const order = graph.order();
  const log = options.logger ?? silentLogger;
  const context = runContext(flow, options);
  const terminal: readonly FlowNode[] = graph.terminalTasks();
  const reference = flow.referenceNodes();
  const wanted = new Set<FlowNode>([...terminal, ...reference]);
  const fetch = options.fetch ?? "terminal";
  const runner = new FlowRunner(order, {
    executor,
    context,
    clock: services.clock ?? systemClock,
    log,
    isFetched: (node) => fetch === "all" || (fetch === "terminal" && wanted.has(node)),
    initialStates: new Map(
      [...(options.taskStates ?? [])].map(([task, state]) => [graph.find(task), plainState(state) as State]),
    ),
    onTaskState: (change) => options.onTaskState?.(change),
  });
  const handlers = flow.handlers;
  let state: State = await callStateHandlers(handlers, flow, pending(), running());
  if (isRunning(state)) {
    const before = state;
    const judges = reference.flatMap((node) => runner.nodes.get(node) ?? []);
    const judge = (): State => finalState([...runner.nodes.values()], judges);
    state = await execute(flow, runner, executor, options, context, log, judge);
    const referenceStates = judges.map(nodeState);
    if (isFinished(state)) state = await callTerminalHandler(flow, state, referenceStates);
    state = await callStateHandlers(handlers, flow, before, state);
  }
  state = await callFailureHandler(handlers, flow, state);
  return new FlowState(state, graph, runner.nodes, context.flowRunId);
}

/** Gives what `judge` says once the tasks were gone through, and otherwise why they were not. */
async function execute(
  flow: Flow,
  runner: FlowRunner,
  executor: Executor,
  { signal, cancel = "stop", performanceReportPath }: RunOptions,
  context: FlowRunContext,
  log: Logger,
  judge: () => State,
): Promise<State> {
  const aborted = whenAborted(signal);
  let state: State | undefined;
  try {
    const body = async (): Promise<State> => {
      const reason = await Promise.race([runner.run(), aborted.reason]);
      if (reason === undefined) {
        state = judge();
        return state;
      }
      runner.stop(reason);
      await stopWork(executor, runner, cancel, reason, log);
      state = cancelled(`The run was cancelled: ${reason}`);
      return state;
    };
    if (signal?.aborted) throw new CancelledError(await aborted.reason);
    const ending = (): ReportEnding | undefined => (state === undefined ? undefined : endingOf(state));
    return await executor.start(body, { context, log, performanceReportPath, ending });
  } catch (thrown) {
    const error = toWireError(thrown);
    log.error({ err: thrown, flow: flow.name }, "Unexpected error while running the flow.");
    state = signal?.aborted
      ? cancelled(`The run was cancelled: ${error.message}`)
      : failed(`Unexpected error while running the flow: ${describeError(error)}`, error);
    runner.stop(state.message);
    return state;
  } finally {
    aborted.forget();
  }
}

/** As the executor's report tells it; handlers may still replace the state. */
function endingOf(state: State): ReportEnding {
  const { type, message } = state;
  if (isSuccessful(state)) return { outcome: "succeeded", state: type, message };
  return { outcome: state.type === "Cancelled" ? "cancelled" : "failed", state: type, message };
}

async function callTerminalHandler(flow: Flow, state: State, referenceStates: readonly RunState[]): Promise<State> {
  try {
    const returned = await flow.options.terminalStateHandler?.(flow, new RunState(state), referenceStates);
    return plainState(returned) ?? state;
  } catch (thrown) {
    return handlerFailure(thrown);
  }
}

function runContext(flow: Flow, { parameters = {}, context = {} }: RunOptions): FlowRunContext {
  const date = context.date ?? new Date();
  const nodes = flow.graph.nodes.filter((node) => node.kind === "parameter");
  return {
    ...context,
    flowName: flow.name,
    flowRunId: context.flowRunId ?? randomUUID(),
    date,
    scheduledStartTime: context.scheduledStartTime ?? date,
    parameters: resolveParameters(flow.name, nodes, parameters, context.parameters ?? {}),
  };
}
