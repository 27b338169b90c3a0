import { isFinished, isSkipped, type State, skipped, triggerFailed } from "../states.ts";
import type { TaskRunRequest } from "../task-run-request.ts";
import type { Trigger } from "../triggers.ts";

/** The states that triggers look at: a mapped upstream task counts as its children. */
export function upstreamStates(request: TaskRunRequest): readonly State[] {
  return request.upstreams.flatMap((upstream) => upstream.states);
}

/** A task never runs before all of its upstream tasks have ended. */
export function checkUpstreamFinished(request: TaskRunRequest): boolean {
  return upstreamStates(request).every((state) => isFinished(state));
}

/** A skipped upstream task skips this one, too, unless it asked not to be. */
export function checkUpstreamSkipped(request: TaskRunRequest): State | undefined {
  if (!request.options.skipOnUpstreamSkip) return undefined;
  const upstream = request.upstreams.find(({ states }) => states.some(isSkipped));
  if (upstream === undefined) return undefined;
  return skipped(
    `The upstream task "${upstream.name}" was skipped. A task with skipOnUpstreamSkip: false would run all the same.`,
  );
}

/** Asks the trigger; undefined lets the task run. */
export function checkTrigger(trigger: Trigger, request: TaskRunRequest): State | undefined {
  const verdict = trigger(upstreamStates(request), { resumed: request.previous?.type === "Resume" });
  if (verdict === true) return undefined;
  if (verdict === false)
    return triggerFailed(`Its trigger${trigger.name === "" ? "" : ` "${trigger.name}"`} did not let it run.`);
  return verdict;
}
