import { itemAt } from "../item-at.ts";
import { placeValues } from "../place-values.ts";
import { stateResult } from "../state-result.ts";
import { hasResult, type State } from "../states.ts";
import type { Binding, TaskRunRequest, Upstream } from "../task-run-request.ts";

/** The arguments of the task's function: the constants of the request, with the upstream results in their places. */
export function takeInputs(request: TaskRunRequest): readonly unknown[] {
  return placeValues(
    request.args,
    request.bindings.map((binding) => ({
      path: binding.path,
      value: inputFrom(request.upstreams[binding.upstream] as Upstream, binding),
    })),
  );
}

function inputFrom(upstream: Upstream, binding: Binding): unknown {
  if (binding.as === "state") return upstream.mapped ? upstream.states : upstream.states[0];
  if (upstream.mapped) return itemAt(upstream.states.map(stateResult), binding.item, upstream.name);
  const state = upstream.states[0] as State;
  return hasResult(state) ? itemAt(state.result, binding.item, upstream.name) : stateResult(state);
}
