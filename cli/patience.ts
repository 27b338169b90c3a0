import { setTimeout as delay } from "node:timers/promises";

/** Reads again and again until there is something; undefined when there is still nothing after `timeoutMs`. */
export async function whenThere<T>(
  read: () => T | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = read();
    if (found !== undefined || performance.now() >= deadline) return found;
    await delay(100, undefined, { signal });
  }
}
