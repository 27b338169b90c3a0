import type { SchedulerState } from "./state.ts";

/** Whatever is still on the books; nothing, once no client is connected and every worker has stopped what it ran. */
export function leftovers(state: SchedulerState): string[] {
  const left: string[] = [];
  const count = (what: string, many: number): void => {
    if (many > 0) left.push(`${many} ${what}`);
  };
  count("clients", state.clients.size);
  count(
    `tasks (${[...state.tasks.values()].slice(0, 3).map((task) => `"${task.key}" ${task.state.kind}`)})`,
    state.tasks.size,
  );
  count("keys", state.keys.size);
  count("runs", state.runs.size);
  count("queued tasks", state.queued);
  count("entries of queues", state.shared.entries);
  count("reserved numbers", state.reserved.size);
  count("requests", state.requests.size);
  for (const worker of state.workers.values()) {
    count(`tasks processed by ${worker.name}`, worker.processing.size);
    count(`attempts being stopped by ${worker.name}`, worker.stopping.size);
    count(`results held by ${worker.name}`, worker.holds.size);
    count(`entries of queues for ${worker.name}`, worker.preferred.entries);
    count(`bytes stored by ${worker.name}`, worker.storedBytes);
  }
  for (const worker of state.hungry) if (worker.gone) left.push(`the lost worker ${worker.name} counts as hungry`);
  return left;
}
