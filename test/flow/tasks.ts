import { type Task, task } from "../../client/task.ts";
import {
  FAIL,
  type FlowTaskContext,
  flowContext,
  LOOP,
  PAUSE,
  RETRY,
  SKIP,
  SUCCESS,
  VALIDATIONFAIL,
} from "../../flow/index.ts";

// The tasks that the flows of the tests are made of.

export const inc: Task<[number], number> = task("inc", (x: number) => x + 1);
export const add: Task<[number, number], number> = task("add", (x: number, y: number) => x + y);
export const sum: Task<[readonly number[]], number> = task("sum", (numbers: readonly number[]) =>
  numbers.reduce((total, x) => total + x, 0),
);
export const range: Task<[number], number[]> = task("range", (length: number) =>
  Array.from({ length }, (_, index) => index),
);
export const echo: Task<[any], any> = task("echo", (value: any) => value);
export const late: Task<[any], Promise<any>> = task("late", async (value: any) => value);
export const boom: Task<[unknown], never> = task("boom", (what: unknown) => {
  throw new TypeError(`cannot do ${what}`);
});
export const skip: Task<[], never> = task("skip", () => {
  throw new SKIP("not today");
});
/** Fails on odd numbers. */
export const evenOnly: Task<[number], number> = task("evenOnly", (x: number) => {
  if (x % 2 === 1) throw new RangeError(`${x} is odd`);
  return x;
});
export const context: Task<[], FlowTaskContext> = task("context", () => flowContext());
/** Fails until it has run `times` times. */
export const flaky: Task<[number], number> = task(
  "flaky",
  (times: number) => {
    if (flowContext().runCount < times) throw new Error(`run ${flowContext().runCount}`);
    return flowContext().runCount;
  },
  { maxRetries: 2, retryDelayMs: 60_000 },
);
export const countTo: Task<[number], number[]> = task("countTo", (end: number) => {
  const { loopCount, loopResult } = flowContext();
  const seen = [...((loopResult as number[] | undefined) ?? []), loopCount];
  if (loopCount + 1 < end) throw new LOOP("more", { result: seen });
  return seen;
});
const signals = {
  FAIL: () => new FAIL("by hand", { result: 5 }),
  SKIP: () => new SKIP("by hand"),
  SUCCESS: () => new SUCCESS("by hand", { result: 5 }),
  VALIDATIONFAIL: () => new VALIDATIONFAIL("by hand"),
  PAUSE: () => new PAUSE("by hand"),
  RETRY: () => new RETRY("by hand", { delayMs: 10 }),
} as const;
export type SignalName = "FAIL" | "SKIP" | "SUCCESS" | "VALIDATIONFAIL" | "PAUSE" | "RETRY";
/** Throws the signal once, then returns. */
export const signalOnce: Task<[SignalName], string> = task("signalOnce", (name: SignalName) => {
  if (flowContext().runCount > 1 || flowContext()["resumed"] === true) return "went on";
  throw signals[name]();
});
