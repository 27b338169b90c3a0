import { setTimeout as delay } from "node:timers/promises";

/** Resolves with the first defined value that `read` gives; rejects when there is none by the deadline. */
export async function until<T>(read: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await delay(25);
  }
}
