import { randomUUID } from "node:crypto";
import type { TaskOptions } from "../../client/task.ts";
import type { TaskNode } from "../builder/node.ts";
import type { ExecutorFuture, SubmitExtra } from "../executor.ts";
import type { FlowRunContext } from "../flow-context.ts";
import type { State } from "../states.ts";
import type { SentOptions, TaskRunRequest } from "../task-run-request.ts";
import { allSuccessful, triggerSpec } from "../triggers.ts";
import { taggedResources } from "./tagged-resources.ts";
import type { Attempt, TaskRun } from "./task-run.ts";

/** A request as it is submitted: with futures where states are not known yet. */
export type SubmittedRequest = TaskRunRequest<State | ExecutorFuture<State>>;

export function requestFor(run: TaskRun, context: FlowRunContext): SubmittedRequest {
  const { args, bindings, upstreams } = run.inputs;
  const node = run.node.node as TaskNode;
  return {
    taskName: node.name,
    mapIndex: run.mapIndex,
    args,
    bindings,
    upstreams: upstreams.map(({ name, mapped, states }) => ({ name, mapped, states: states.map((one) => one.handle) })),
    options: sentOptions(node.task.options),
    previous: run.previous,
    context,
  };
}

/** The attempts whose futures a submission waits for. */
export function upstreamAttempts(run: TaskRun): readonly Attempt[] {
  return run.inputs.upstreams.flatMap(({ states }) =>
    states.flatMap((one) => (one.current !== undefined && one.handle === one.current.future ? [one.current] : [])),
  );
}

export function sentOptions(options: TaskOptions): SentOptions {
  return {
    maxRetries: options.maxRetries ?? 0,
    retryDelayMs: options.retryDelayMs ?? 0,
    skipOnUpstreamSkip: options.skipOnUpstreamSkip ?? true,
    cacheForMs: options.cacheForMs ?? 0,
    cacheKey: options.cacheKey,
    taskRunName: options.taskRunName,
    trigger: triggerSpec(options.trigger ?? allSuccessful),
  };
}

export function submitExtra(run: TaskRun): SubmitExtra {
  const { task } = run.node.node as TaskNode;
  const { timeoutMs, priority, workers, resources, tags } = task.options;
  return {
    // The same task is submitted again for a retry, so its name and index alone would not do.
    key: `${task.name}-${run.mapIndex ?? 0}-${randomUUID()}`,
    name: task.name,
    timeoutMs,
    priority,
    workers,
    resources: { ...taggedResources(tags ?? []), ...resources },
  };
}
