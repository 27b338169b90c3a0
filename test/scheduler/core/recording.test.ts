import { expect, test } from "vitest";
import { futureId, workerId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import type { ClusterEvent } from "../../../protocol/record.ts";
import { Bench, plain, registration, spec } from "./bench.ts";

/** The core's clock reads 0 at this moment. */
const epochMs = 1_700_000_000_000;
const boom = { code: "TASK_FAILED", message: "boom", retryable: false } as const;
const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;

class RecordingBench extends Bench {
  constructor(on = true) {
    super({ epochMs });
    if (on) this.event({ kind: "recording", on: true });
  }

  started({ task, attempt }: Assignment, id = 1): void {
    this.answer(id, { op: "started", task, attempt });
  }

  /** All that was recorded since it was last asked, but for workers that joined. */
  record(): ClusterEvent[] {
    return this.recorded.splice(0).filter((event) => event.kind !== "worker" || event.change !== "joined");
  }
}

test("without anybody who records nothing is told, and whoever begins late hears of the workers that are there", () => {
  const bench = new RecordingBench(false).client().worker(1, { slots: 3 });
  bench.submit([spec(1)]);
  bench.done(1, first(bench.assigned(1)));
  expect(bench.recorded).toEqual([]);
  bench.nowMs = 5;
  bench.event({ kind: "recording", on: true });
  bench.event({ kind: "recording", on: true });
  expect(bench.recorded).toMatchObject([
    { kind: "worker", worker: "w1", change: "joined", slots: 3, atMs: epochMs + 5, reason: "it was there before" },
  ]);
  bench.event({ kind: "recording", on: false });
  bench.submit([spec(2)]);
  expect(bench.recorded).toHaveLength(1);
});

test("an attempt that is done, by its worker's clock, with the tasks that it needed", () => {
  const bench = new RecordingBench().client().worker(1);
  bench.submit([spec(1), spec(2, [1])], { run: "etl" });
  expect(bench.record()).toEqual([{ kind: "submitted", atMs: epochMs, run: "etl", tasks: 2 }]);
  const one = first(bench.assigned(1));
  bench.answer(1, { op: "done", task: one.task, attempt: 1, bytes: 8, startMs: 100, endMs: 130 });
  const two = first(bench.assigned(1));
  bench.answer(1, { op: "done", task: two.task, attempt: 1, bytes: 9, startMs: 140, endMs: 150 });
  const common = { kind: "attempt", attempt: 1, name: "inc", run: "etl", worker: "w1", fate: "done", message: "" };
  expect(bench.record()).toEqual([
    { ...common, task: one.task, key: one.key, deps: [], startMs: 100, endMs: 130, bytes: 8 },
    { ...common, task: two.task, key: two.key, deps: [one.task], startMs: 140, endMs: 150, bytes: 9 },
  ]);
});

test("a failure is told of the attempt, and of each task that it ends with its origin", () => {
  const bench = new RecordingBench().client().worker(1);
  bench.submit([spec(1, [], { key: "a" }), spec(2, [1], { key: "b" })], { requests: [{ ...plain, retries: 1 }] });
  bench.record();
  for (const attempt of [1, 2]) {
    const { task } = first(bench.assigned(1));
    const end = { error: boom, blame: "task", startMs: attempt, endMs: attempt + 1 } as const;
    bench.answer(1, { op: "failed", task, attempt, ...end });
  }
  expect(bench.record()).toMatchObject([
    { kind: "attempt", key: "a", attempt: 1, fate: "failed", message: "boom", bytes: 0 },
    { kind: "attempt", key: "a", attempt: 2, fate: "failed" },
    { kind: "task-end", key: "a", state: "failed", code: "TASK_FAILED", origin: "a" },
    { kind: "task-end", key: "b", state: "failed", code: "TASK_FAILED", origin: "a" },
  ]);
});

test("an attempt that is cancelled is over when its worker says so; one that never began is no attempt", () => {
  const bench = new RecordingBench().client().worker(1);
  bench.submit([spec(1), spec(2)]);
  const running = first(bench.assigned(1));
  bench.nowMs = 10;
  bench.started(running);
  bench.record();
  bench.nowMs = 20;
  bench.say({ op: "cancel", request: 1, futures: [futureId(1), futureId(2)], force: true, reason: "enough" });
  expect(bench.record()).toMatchObject([
    { kind: "task-end", state: "cancelled", code: "CANCELLED", atMs: epochMs + 20 },
    { kind: "task-end", state: "cancelled" },
  ]);
  bench.nowMs = 1_020;
  bench.answer(1, { op: "cancelled", task: running.task, attempt: 1 });
  expect(bench.record()).toMatchObject([
    { kind: "attempt", key: running.key, fate: "cancelled", startMs: epochMs + 10, endMs: epochMs + 1_020 },
  ]);
});

test("what ran on a worker that is lost is over when that is known, stopped attempts too", () => {
  const bench = new RecordingBench().client().worker(1, { slots: 2 });
  bench.submit([spec(1), spec(2)]);
  for (const assignment of bench.assigned(1)) bench.started(assignment);
  bench.say({ op: "cancel", request: 1, futures: [futureId(2)], force: true, reason: "enough" });
  bench.record();
  bench.nowMs = 50;
  bench.lose(1);
  expect(bench.record()).toMatchObject([
    { kind: "worker", worker: "w1", change: "lost", reason: "socket closed" },
    { kind: "attempt", fate: "lost", message: "socket closed", startMs: epochMs, endMs: epochMs + 50 },
    { kind: "attempt", fate: "cancelled", message: "enough", endMs: epochMs + 50 },
  ]);
});

test("a worker's comings and goings", () => {
  const bench = new RecordingBench().client().worker(1, { instance: "i1" });
  bench.answer(1, { op: "status", status: "paused" });
  bench.answer(1, { op: "status", status: "running" });
  bench.cut(1);
  bench.again(1, 2);
  bench.answer(2, { op: "inventory", held: [], attempts: [], runs: [], status: "running" });
  bench.answer(2, { op: "goodbye", reason: "closed" });
  const changes = bench.recorded.map((event) => (event.kind === "worker" ? event.change : event.kind));
  expect(changes).toEqual(["joined", "paused", "running", "disconnected", "back", "left"]);
});

test("a result whose end was never told is found in the inventory", () => {
  const bench = new RecordingBench().client().worker(1, { instance: "i1" });
  bench.submit([spec(1)]);
  const assignment = first(bench.assigned(1));
  bench.nowMs = 10;
  bench.started(assignment);
  bench.cut(1);
  bench.again(1, 2);
  bench.record();
  bench.nowMs = 40;
  const held = [{ task: assignment.task, bytes: 8 }];
  bench.answer(2, { op: "inventory", held, attempts: [], runs: [], status: "running" });
  expect(bench.record()).toMatchObject([
    { kind: "worker", change: "back" },
    { kind: "attempt", fate: "done", bytes: 8, startMs: epochMs + 10, endMs: epochMs + 40 },
  ]);
});

test("a transfer goes by the names of both workers, or by the address of one that is gone", () => {
  const bench = new RecordingBench().client().worker(1).worker(2);
  bench.recorded.length = 0;
  const measured = { tasks: 2, bytes: 100, startMs: 1, endMs: 2 };
  bench.answer(1, { op: "transferred", address: "ws://w2:1", ...measured });
  bench.answer(1, { op: "transferred", address: "ws://gone:1", ...measured });
  expect(bench.recorded).toEqual([
    { kind: "transfer", worker: "w1", from: "w2", ...measured },
    { kind: "transfer", worker: "w1", from: "ws://gone:1", ...measured },
  ]);
});

test("vitals, disk use and profiles go by the name of their worker", () => {
  const bench = new RecordingBench();
  bench.event({ kind: "worker-connected", worker: workerId(1), registration: registration("w1") });
  bench.recorded.length = 0;
  const vitals = {
    memoryBytes: 1,
    storedBytes: 2,
    cpuPercent: 3,
    eventLoopDelayMs: 4,
    sentBytes: 5,
    receivedBytes: 6,
  };
  bench.answer(1, { op: "heartbeat", ...vitals });
  bench.answer(1, { op: "disk", direction: "write", bytes: 7, startMs: 8, endMs: 9 });
  const frames = [{ name: "f", place: "a.ts:1", parent: -1, selfMs: 3 }];
  bench.answer(1, { op: "profile", frames, last: false });
  expect(bench.recorded).toEqual([
    { kind: "vitals", process: "w1", atMs: epochMs, ...vitals },
    { kind: "disk", worker: "w1", direction: "write", bytes: 7, startMs: 8, endMs: 9 },
    { kind: "profile", process: "w1", frames },
  ]);
});
