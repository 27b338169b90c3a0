import type { Inventory, OpenAttempt } from "../../protocol/messages.ts";
import type { Attempts, Surroundings } from "./attempts.ts";

/** What a scheduler that takes this worker back compares with its own books. */
export function inventoryOf(
  parts: Surroundings,
  { byTask }: Attempts,
  status: Inventory["status"],
): Omit<Inventory, "runs"> {
  const { held } = parts;
  const attempts: OpenAttempt[] = [];
  for (const [task, { assignment, state }] of byTask) {
    const started = state.kind === "executing" || state.kind === "stopping";
    attempts.push({ task, attempt: assignment.attempt, started });
    if (state.kind === "stopping" && state.next !== undefined)
      attempts.push({ task, attempt: state.next.attempt, started: false });
  }
  return {
    op: "inventory",
    held: Array.from(held.tasks(), (task) => ({ task, bytes: held.bytes(task) })),
    attempts,
    status,
  };
}
