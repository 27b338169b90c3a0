import { expect, test } from "vitest";
import type { Assignment } from "../../../protocol/messages.ts";
import { DurationEstimate } from "../../../scheduler/core/estimates.ts";
import { Bench, spec } from "./bench.ts";

test("half a second until anything is known, then the average that halves the past", () => {
  const estimate = new DurationEstimate();
  expect([estimate.known, estimate.ms]).toEqual([false, 500]);
  estimate.sample(100);
  estimate.sample(200);
  expect([estimate.known, estimate.ms]).toEqual([true, 150]);
});

test("a task past twice the average makes it unknown again, at twice the longest seen", () => {
  const estimate = new DurationEstimate();
  estimate.sample(100);
  estimate.stillRunning(200);
  expect(estimate.known).toBe(true);
  estimate.stillRunning(201);
  expect([estimate.known, estimate.ms]).toEqual([false, 402]);
  estimate.sample(300);
  expect([estimate.known, estimate.ms]).toEqual([true, 300]);
});

test("a heartbeat tells of tasks that run too long to be sent ahead in numbers", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.done(1, bench.assigned(1)[0] as Assignment, 0.25);
  bench.submit(Array.from({ length: 100 }, (_, i) => spec(i + 2)));
  const [slow, ...ahead] = bench.assigned(1);
  expect(ahead).toHaveLength(20);
  bench.answer(1, { op: "started", task: (slow as Assignment).task, attempt: 1 });
  bench.nowMs = 1000;
  bench.answer(1, {
    op: "heartbeat",
    memoryBytes: 1,
    storedBytes: 0,
    cpuPercent: 0,
    eventLoopDelayMs: 0,
    sentBytes: 0,
    receivedBytes: 0,
  });
  // One more worker takes what its slot and the saturation rule give it, and no twenty.
  bench.worker(2);
  expect(bench.assigned(2)).toHaveLength(2);
});
