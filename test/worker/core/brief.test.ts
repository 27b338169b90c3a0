import { expect, test } from "vitest";
import type { WorkerEffect } from "../../../worker/core/effects.ts";
import type { WorkerEvent } from "../../../worker/core/events.ts";
import { cancelled, compute, execute, Harness, send, started, t, value } from "./harness.ts";

/** A task of function 1 that took so long. */
const tookMs = (job: number, durationMs: number): WorkerEvent => ({
  kind: "slot-done",
  job,
  value,
  bytes: 1,
  startMs: 10,
  endMs: 10 + durationMs,
});
const stalled = (job: number, ...behind: number[]): WorkerEvent => ({ kind: "slot-stalled", job, behind });
const unstarted = (task: number) => send({ op: "unstarted", task: t(task), attempt: 1 });
const jobsIn = (effects: readonly WorkerEffect[]): number[] =>
  effects.flatMap((effect) => (effect.kind === "execute" ? [effect.job] : []));

/** One slot, and function 1 is known to take so long. */
function harness(durationMs: number, canTakeBack = true): Harness {
  const h = new Harness({ canTakeBack, resources: { GPU: 4 } });
  h.messages(compute(1));
  h.event(tookMs(1, durationMs));
  return h;
}

test("tasks that are known to be brief are handed over ahead of need, the fewer the longer they take", () => {
  const tasks = Array.from({ length: 1_000 }, (_, index) => compute(index + 2));
  expect(jobsIn(harness(0).messages(...tasks))).toHaveLength(128);
  expect(jobsIn(harness(0.1).messages(...tasks))).toHaveLength(20);
  expect(jobsIn(harness(1).messages(...tasks))).toHaveLength(2);
  expect(jobsIn(harness(12).messages(...tasks))).toHaveLength(2);
  expect(jobsIn(harness(12.5).messages(...tasks))).toHaveLength(1);
});

test("none is handed over where it could not be taken back, or before anything is known of it", () => {
  expect(jobsIn(harness(0, false).messages(compute(2), compute(3)))).toEqual([2]);
  expect(jobsIn(new Harness({ canTakeBack: true }).messages(compute(2), compute(3)))).toEqual([1]);
});

test("what is limited, consumes resources, or is to be alone waits for a slot of its own, and nothing is put behind it", () => {
  for (const special of [{ timeoutMs: 5 }, { resources: { GPU: 1 } }, { alone: true }]) {
    const h = harness(0);
    expect(jobsIn(h.messages(compute(2), compute(3)))).toEqual([2, 3]);
    // The special one comes before the other, which therefore waits, too.
    expect(h.messages(compute(4), compute(5, { ...special, priority: [-1] }))).toEqual([]);
    expect(jobsIn(h.event(tookMs(2, 0)))).toEqual([]);
    expect(jobsIn(h.event(tookMs(3, 0)))).toEqual([4]);
    expect(jobsIn(h.event(tookMs(4, 0)))).toEqual([5]);
  }
});

test("those behind one that takes long wait again, and may be given back", () => {
  const h = harness(0);
  h.messages(compute(2), compute(3), compute(4));
  expect(h.event(stalled(2, 3, 4))).toEqual([unstarted(3), unstarted(2)]);
  // The slot is taken by what takes long, whatever is known of others of its kind.
  expect(h.messages(compute(5))).toEqual([]);
  expect(h.messages({ op: "give-back", task: t(3), attempt: 1 })).toEqual([cancelled(3)]);
  expect(jobsIn(h.event(tookMs(2, 0)))).toEqual([5, 6]);
});

test("one that was cancelled while it waited behind another is confirmed when it is taken back", () => {
  const h = harness(0);
  h.messages(compute(2), compute(3));
  expect(h.messages({ op: "cancel", task: t(2), attempt: 1, force: true, reason: "" })).toEqual([
    { kind: "cancel-execution", job: 3, force: true },
  ]);
  expect(h.event(stalled(2, 3))).toEqual([cancelled(2)]);
  expect(h.core.leftovers()).toEqual(["1 results", "1 attempts", "1 jobs"]);
});

test("nothing more is put behind one that is being stopped", () => {
  const h = harness(0);
  h.messages(compute(2), compute(3));
  h.messages({ op: "cancel", task: t(3), attempt: 1, force: false, reason: "" });
  expect(jobsIn(h.messages(compute(4)))).toEqual([]);
  expect(h.event(stalled(2, 3))).toEqual([unstarted(2)]);
  expect(jobsIn(h.event({ kind: "slot-cancelled", job: 2 }))).toEqual([4, 5]);
});

test("what is taken back once no more is to be started is told of, and stays", () => {
  const h = harness(0);
  h.messages(compute(2), compute(3));
  h.event({ kind: "memory", paused: true });
  expect(h.event(stalled(2, 3))).toEqual([unstarted(2)]);
  expect(jobsIn(h.event(tookMs(2, 0)))).toEqual([]);
  expect(jobsIn(h.event({ kind: "memory", paused: false }))).toEqual([4]);
});

test("a brief task that lends its slot is brief no more", () => {
  const h = harness(0);
  h.messages(compute(2), compute(3));
  h.event({ kind: "slot-lent", job: 2 });
  h.event(stalled(2, 3));
  expect(h.messages()).toEqual([]);
  expect(h.event(tookMs(4, 0))).toHaveLength(2);
  expect(h.messages(compute(9))).toEqual([execute(5, 9, { brief: true }), { ...started(9), mayWait: true }]);
});
