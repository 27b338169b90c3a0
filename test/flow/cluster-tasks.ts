import { alwaysRun, flowContext, type Task, task } from "muster";

// Tasks that are sent to a cluster: they import the package by its name, as users' do.

export const range: Task<[number], number[]> = task("range", (length: number) =>
  Array.from({ length }, (_, index) => index),
);
export const square: Task<[number], number> = task("square", (x: number) => x * x);
/** Fails on the first run of every third. */
export const shaky: Task<[number], number> = task(
  "shaky",
  (x: number) => {
    if (x % 3 === 0 && flowContext().runCount === 1) throw new RangeError(`not ${x} yet`);
    return x;
  },
  { maxRetries: 1, retryDelayMs: 10 },
);
export const sum: Task<[readonly number[]], number> = task("sum", (numbers: readonly number[]) =>
  numbers.reduce((total, x) => total + x, 0),
);
export const hang: Task<[], never> = task(
  "hang",
  () => {
    for (;;);
  },
  { timeoutMs: 300 },
);
export const tidy: Task<[unknown], string> = task("tidy", (after: unknown) => `after ${(after as Error).name}`, {
  trigger: alwaysRun,
});
