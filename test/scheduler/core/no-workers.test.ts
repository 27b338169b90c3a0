import { expect, test } from "vitest";
import { futureId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;
const gpu = { requests: [{ ...plain, resources: { GPU: 1 } }] };

/** Lets time pass up to `untilMs`, waking the core whenever it asked for it. */
function pass(bench: Bench, untilMs: number): void {
  for (;;) {
    const wakeupMs = bench.core.nextWakeupMs();
    if (wakeupMs === undefined || wakeupMs > untilMs) break;
    bench.nowMs = Math.max(bench.nowMs, wakeupMs);
    bench.event({ kind: "wake" });
  }
  bench.nowMs = untilMs;
}

test("a request that no connected worker could ever meet is logged at once, and once", () => {
  const bench = new Bench().client().worker(1);
  bench.logged.length = 0;
  bench.submit([spec(1), spec(2)], gpu);
  const warning =
    "warn: 2 tasks cannot be placed: it asks for GPU=1, and no connected worker has that (none has any GPU)";
  expect(bench.logged).toEqual([warning]);
  bench.submit([spec(3)], gpu);
  bench.worker(2);
  const warnings = (): string[] => bench.logged.filter((line) => line.includes("cannot be placed"));
  expect(warnings()).toEqual([warning]);
  bench.say({ op: "cancel", request: 1, futures: [1, 2, 3].map(futureId), force: true, reason: "" });
  bench.submit([spec(4)], gpu);
  expect(warnings()).toEqual([warning, warning.replace("2 tasks", "a task")]);
});

test("without any worker nothing is wrong with a request yet, and the first worker shows it", () => {
  const bench = new Bench().client();
  bench.submit([spec(1)], gpu);
  bench.worker(1);
  expect(bench.logged.filter((line) => line.includes("cannot be placed"))).toEqual([
    "info: a task cannot be placed: no worker is connected",
    "warn: a task cannot be placed: it asks for GPU=1, and no connected worker has that (none has any GPU)",
  ]);
});

test("waiting for a busy worker is no news, however long", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 100, workerTtlMs: 1e6 }).client().worker(1, { resources: { GPU: 1 } });
  bench.logged.length = 0;
  bench.submit([spec(1), spec(2)], gpu);
  bench.told();
  pass(bench, 100_000);
  expect(bench.told()).toEqual([]);
  expect(bench.logged).toEqual([]);
});

test("by default such a task waits for ever", () => {
  const bench = new Bench().client();
  bench.submit([spec(1)]);
  expect(bench.core.nextWakeupMs()).toBeUndefined();
});

test("after noWorkersTimeoutMs it fails with its reason, and what depends on it too", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 5000 }).client();
  bench.nowMs = 1000;
  bench.submit([spec(1), spec(2, [1])], gpu);
  bench.told();
  pass(bench, 5999);
  expect(bench.told()).toEqual([]);
  pass(bench, 6000);
  const message =
    'The task "inc-1-p" is given up: for 5000 ms no worker could run it, because no worker is connected. Start a worker that can, or raise noWorkersTimeoutMs.';
  expect(bench.told()).toMatchObject([
    { op: "failed", future: 1, error: { code: "NO_WORKERS", message, details: { key: "inc-1-p" } } },
    { op: "failed", future: 2, error: { code: "NO_WORKERS" } },
  ]);
  expect(bench.core.nextWakeupMs()).toBeUndefined();
});

test("a worker that suits in time saves it, and the time starts again when that worker goes", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 5000, workerTtlMs: 1e6 }).client();
  bench.submit([spec(1)], gpu);
  bench.told();
  pass(bench, 4999);
  bench.worker(1, { resources: { GPU: 1 } });
  expect(first(bench.assigned(1)).key).toBe("inc-1-p");
  pass(bench, 10_000);
  bench.lose(1);
  pass(bench, 14_999);
  expect(bench.told()).toEqual([]);
  pass(bench, 15_000);
  expect(bench.told()).toMatchObject([{ op: "failed", error: { code: "NO_WORKERS" } }]);
});

test("each task has its own time, and one that is cancelled none", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 1000 }).client();
  bench.submit([spec(1)]);
  bench.nowMs = 400;
  bench.submit([spec(2)]);
  bench.nowMs = 800;
  bench.submit([spec(3)]);
  bench.say({ op: "cancel", request: 1, futures: [futureId(3)], force: true, reason: "" });
  bench.told();
  pass(bench, 1300);
  expect(bench.told()).toMatchObject([{ op: "failed", future: 1 }]);
  // Looked for in steps of a twentieth of the timeout at the finest.
  pass(bench, 1450);
  expect(bench.told()).toMatchObject([{ op: "failed", future: 2 }]);
  expect(bench.core.nextWakeupMs()).toBeUndefined();
});

test("a paused worker may be back, and a leaving one will not", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 1000, workerTtlMs: 1e6 }).client().worker(1);
  bench.answer(1, { op: "status", status: "paused" });
  bench.submit([spec(1)]);
  bench.told();
  pass(bench, 50_000);
  expect(bench.told()).toEqual([]);
  bench.say({ op: "retire-workers", request: 1, names: ["w1"] });
  pass(bench, 52_000);
  expect(bench.told()).toMatchObject([{ op: "failed", error: { code: "NO_WORKERS" } }]);
});
