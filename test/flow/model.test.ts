import fc from "fast-check";
import { expect, test } from "vitest";
import type { Reference } from "../../client/placeholder.ts";
import { task } from "../../client/task.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { runFlow } from "../../flow/flow-runner/run-flow.ts";
import {
  allFailed,
  allFinished,
  allSuccessful,
  anyFailed,
  anySuccessful,
  flow,
  flowContext,
  notAllSkipped,
  SKIP,
  someFailed,
  type Trigger,
} from "../../flow/index.ts";
import { isFailed, isSkipped, isSuccessful, type StateType } from "../../flow/states.ts";
import { WorkerLostError } from "../../protocol/errors.ts";
import { FarExecutor } from "./far-executor.ts";
import { instantClock } from "./virtual-clock.ts";

/** One task of a random flow. It depends on tasks of lower indices only, so the flow has no cycle. */
interface Spec {
  readonly upstream: readonly number[];
  readonly outcome: "value" | "throw" | "skip" | "lost";
  /** Fails so many times first. */
  readonly failures: number;
  readonly maxRetries: number;
  readonly trigger: keyof typeof triggers;
  readonly skipOnUpstreamSkip: boolean;
}

const triggers = {
  allSuccessful,
  allFinished,
  allFailed,
  anySuccessful,
  anyFailed,
  notAllSkipped,
  twoFailed: someFailed({ atLeast: 2 }),
} satisfies Record<string, Trigger>;

interface Expected {
  readonly type: StateType;
  readonly value?: number;
  /** How often the function ran. */
  readonly calls: number;
}

/** The sequential reference: what each task must come to, in the order of indices. */
function expectedEnds(specs: readonly Spec[]): readonly Expected[] {
  const ends: Expected[] = [];
  for (const [index, spec] of specs.entries()) {
    const upstream = spec.upstream.map((one) => ends[one] as Expected);
    const count = (wanted: (state: { type: StateType }) => boolean): number => upstream.filter(wanted).length;
    const all = upstream.length;
    const runs: Record<Spec["trigger"], boolean> = {
      allSuccessful: count(isSuccessful) === all,
      allFinished: true,
      allFailed: count(isFailed) === all,
      anySuccessful: all === 0 || count(isSuccessful) > 0,
      anyFailed: all === 0 || count(isFailed) > 0,
      notAllSkipped: count(isSuccessful) === all,
      twoFailed: count(isFailed) >= 2,
    };
    if (spec.skipOnUpstreamSkip && count(isSkipped) > 0) ends.push({ type: "Skipped", calls: 0 });
    else if (spec.trigger === "notAllSkipped" && all > 0 && count(isSkipped) === all)
      ends.push({ type: "Skipped", calls: 0 });
    else if (!runs[spec.trigger]) ends.push({ type: "TriggerFailed", calls: 0 });
    else if (spec.outcome === "lost") ends.push({ type: "Failed", calls: 0 });
    else if (spec.failures > spec.maxRetries) ends.push({ type: "Failed", calls: spec.maxRetries + 1 });
    else if (spec.outcome === "throw") ends.push({ type: "Failed", calls: spec.maxRetries + 1 });
    else if (spec.outcome === "skip") ends.push({ type: "Skipped", calls: spec.failures + 1 });
    else {
      const value = upstream.reduce((sum, one) => sum + (one.value ?? 0), index);
      ends.push({ type: "Success", value, calls: spec.failures + 1 });
    }
  }
  return ends;
}

let calls: number[] = [];
/** The index of each run of a task's function, in order. */
let order: number[] = [];

const work = task("work", (index: number, spec: Spec, inputs: readonly unknown[]) => {
  calls[index] = (calls[index] ?? 0) + 1;
  order.push(index);
  if (flowContext().runCount <= spec.failures) throw new Error("failed for a while");
  if (spec.outcome === "throw") throw new RangeError("fails always");
  if (spec.outcome === "skip") throw new SKIP();
  return inputs.reduce((sum: number, one) => sum + (typeof one === "number" ? one : 0), index);
});

const specs: fc.Arbitrary<readonly Spec[]> = fc.integer({ min: 1, max: 9 }).chain((length) =>
  fc.tuple(
    ...Array.from({ length }, (_, index) =>
      fc.record({
        upstream: fc.subarray(Array.from({ length: index }, (_, lower) => lower)),
        outcome: fc.constantFrom(
          "value" as const,
          "value" as const,
          "throw" as const,
          "skip" as const,
          "lost" as const,
        ),
        failures: fc.integer({ min: 0, max: 2 }),
        maxRetries: fc.integer({ min: 0, max: 2 }),
        trigger: fc.constantFrom(...(Object.keys(triggers) as (keyof typeof triggers)[])),
        skipOnUpstreamSkip: fc.boolean(),
      }),
    ),
  ),
);

function flowOf(all: readonly Spec[]) {
  return flow("random", () => {
    const references: Reference<number>[] = [];
    for (const [index, spec] of all.entries()) {
      const { maxRetries, trigger, skipOnUpstreamSkip } = spec;
      const retries = maxRetries > 0 ? { maxRetries, retryDelayMs: 1 } : {};
      const configured = work.with({ ...retries, trigger: triggers[trigger], skipOnUpstreamSkip, priority: index });
      references.push(
        configured(
          index,
          spec,
          spec.upstream.map((one) => references[one] as Reference<number>),
        ),
      );
    }
  });
}

async function check(all: readonly Spec[], executor: LocalExecutor | FarExecutor): Promise<void> {
  calls = [];
  order = [];
  const names = all.map((_, index) => (index === 0 ? "work" : `work-${index + 1}`));
  const state = await runFlow(flowOf(all), executor, { fetch: "all" }, { clock: instantClock });
  const found = names.map((name, index) => {
    const one = state.taskState(name);
    return { type: one.type, calls: calls[index] ?? 0, ...(one.type === "Success" ? { value: one.result } : {}) };
  });
  expect(found).toEqual(expectedEnds(all));
  for (const [index, spec] of all.entries()) {
    for (const one of spec.upstream) {
      if (order.includes(index)) expect(order.lastIndexOf(one)).toBeLessThan(order.indexOf(index));
    }
  }
}

test("random flows end as a sequential run says: apart, with losses, retries, skips and every trigger", async () => {
  await fc.assert(
    fc.asyncProperty(specs, fc.array(fc.nat(3), { maxLength: 40 }), async (all, jitter) => {
      let call = 0;
      const lost = new Set(all.flatMap((spec, index) => (spec.outcome === "lost" ? [index] : [])));
      const executor = new FarExecutor(async (name, extra) => {
        for (let turns = jitter[call++ % Math.max(jitter.length, 1)] ?? 0; turns > 0; turns--) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        // The tasks' priorities are their indices: this is how the executor knows one from another.
        if (name === "work" && lost.has(extra.priority ?? -1) && willRun(extra.priority ?? -1, all)) {
          throw new WorkerLostError("its workers died");
        }
      });
      await check(all, executor);
    }),
    { numRuns: 150 },
  );
});

test("random flows end the same in place", async () => {
  const local = specs.map((all) =>
    all.map((spec) => (spec.outcome === "lost" ? { ...spec, outcome: "value" as const } : spec)),
  );
  await fc.assert(
    fc.asyncProperty(local, (all) => check(all, new LocalExecutor())),
    { numRuns: 100 },
  );
});

/** A worker can only be lost under a task that its checks let run. */
function willRun(index: number, all: readonly Spec[]): boolean {
  const value = all.map((spec, place) =>
    place === index ? { ...spec, outcome: "value" as const, failures: 0 } : spec,
  );
  return (expectedEnds(value)[index] as Expected).calls > 0;
}
