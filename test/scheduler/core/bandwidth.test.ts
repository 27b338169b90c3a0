import { expect, test } from "vitest";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bandwidth, smallBytesMax, tellingBytesMin } from "../../../scheduler/core/bandwidth.ts";
import { Bench, plain, spec } from "./bench.ts";

const mb = 1_000_000;

test("100 MB/s and 1 ms until anything is measured, then a twentieth of what each transfer says", () => {
  const bandwidth = new Bandwidth();
  expect(bandwidth.fetchMs(100 * mb)).toBe(1_001);
  bandwidth.sample(300 * mb, 1_000);
  expect(bandwidth.bytesPerMs).toBeCloseTo(110_000);
  bandwidth.sample(0, 21);
  expect(bandwidth.latencyMs).toBeCloseTo(2);
});

test("a transfer tells the bandwidth, or the latency, or neither", () => {
  const bandwidth = new Bandwidth();
  for (const bytes of [smallBytesMax + 1, tellingBytesMin]) bandwidth.sample(bytes, 5_000);
  expect([bandwidth.bytesPerMs, bandwidth.latencyMs]).toEqual([100_000, 1]);
  bandwidth.sample(tellingBytesMin + 1, 5_000);
  expect(bandwidth.bytesPerMs).toBeLessThan(100_000);
  expect(bandwidth.latencyMs).toBe(1);
});

test("it follows what is measured, from whatever was believed before", () => {
  const bandwidth = new Bandwidth();
  for (let i = 0; i < 200; i++) {
    bandwidth.sample(50 * mb, 5_000);
    bandwidth.sample(8, 30);
  }
  expect(bandwidth.bytesPerMs).toBeCloseTo(10_000, -1);
  expect(bandwidth.latencyMs).toBeCloseTo(30, 1);
});

test("no time at all, a clock that went back or a worker that was frozen cannot spoil it", () => {
  const bandwidth = new Bandwidth();
  bandwidth.sample(2 * mb, 0);
  expect(bandwidth.bytesPerMs).toBeCloseTo(195_000);
  bandwidth.sample(2 * mb, -1);
  bandwidth.sample(8, -1);
  expect([bandwidth.bytesPerMs, bandwidth.latencyMs]).toEqual([expect.closeTo(195_000), 1]);
  for (let i = 0; i < 1_000; i++) bandwidth.sample(8, 3_600_000);
  expect(bandwidth.latencyMs).toBeLessThanOrEqual(100);
});

/** Worker 1 holds 4 MB, runs a task that takes half a second, and has another that needs the 4 MB waiting. */
function waitingNearItsInput(measured: (bench: Bench) => void): Bench {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const [{ task }] = bench.assigned(1) as [Assignment];
  bench.answer(1, { op: "done", task, attempt: 1, bytes: 4 * mb, startMs: 0, endMs: 500 });
  measured(bench);
  bench.submit([spec(2, [1]), spec(3, [1])], { requests: [plain] });
  expect(bench.assigned(1)).toHaveLength(2);
  bench.told();
  bench.worker(2);
  return bench;
}

test("what is measured decides whether an idle worker is worth a transfer", () => {
  const asked = waitingNearItsInput(() => {});
  expect(asked.sent(1).map(({ op }) => op)).toEqual(["give-back"]);

  // Transfers at 1 MB/s: the 4 MB would take longer than the half second that the task waits where it is.
  const slow = waitingNearItsInput((bench) => {
    const report = {
      op: "transferred",
      address: "ws://w9:1",
      tasks: 1,
      bytes: 2 * mb,
      startMs: 0,
      endMs: 2_000,
    } as const;
    for (let i = 0; i < 200; i++) bench.answer(1, report);
  });
  slow.nothingElse();
});
