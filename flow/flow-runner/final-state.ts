import { cancelled, failed, isFailed, isFinished, isSuccessful, running, type State, success } from "../states.ts";
import type { NodeRun } from "./node-run.ts";

/** How a run has ended, from the states of its tasks: the reference tasks judge it, and it is over once all have ended. */
export function finalState(all: readonly NodeRun[], reference: readonly NodeRun[]): State {
  const open = all.filter((node) => !isNodeFinished(node)).map((node) => `"${node.node.name}"`);
  if (open.length > 0)
    return running(`These tasks have not ended, and nothing is left that would go on with them: ${open.join(", ")}.`);
  const states = reference.flatMap((node) => node.runs.map((run) => run.state));
  if (states.some(isFailed)) return failed("Some reference tasks failed.");
  if (states.every(isSuccessful)) return success("All reference tasks succeeded.");
  return cancelled("Some reference tasks were cancelled.");
}

function isNodeFinished(node: NodeRun): boolean {
  return node.isLaunched && node.runs.every((run) => isFinished(run.state));
}
