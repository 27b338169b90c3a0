import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `read` gives something truthy, and returns it; fails with what was waited for once the deadline has passed.
 * For what no event tells: the state of other processes and of the machine.
 */
export async function eventually<T>(
  what: string,
  read: () => T | Promise<T>,
  timeoutMs: number = 15_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await delay(20);
  }
}
