import type { Flow } from "./flow.ts";

const listeners = new Set<(flow: Flow) => void>();

/** A flow has been made. */
export function noteFlow(flow: Flow): void {
  for (const listener of listeners) listener(flow);
}

/** Loads something, such as a user's file, and gives the flows that were made meanwhile, exported or not. */
export async function flowsMadeBy<T>(
  load: () => Promise<T>,
): Promise<{ readonly loaded: T; readonly flows: readonly Flow[] }> {
  const flows: Flow[] = [];
  const listener = (flow: Flow): void => void flows.push(flow);
  listeners.add(listener);
  try {
    return { loaded: await load(), flows };
  } finally {
    listeners.delete(listener);
  }
}
