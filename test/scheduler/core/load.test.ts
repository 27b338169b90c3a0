import { expect, test } from "vitest";
import type { LoadInfo } from "../../../protocol/cluster-info.ts";
import { clientId, futureId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

function loadOf(bench: Bench): LoadInfo {
  bench.say({ op: "load", request: 99 });
  const reply = bench.told().findLast((message) => message.op === "reply" && message.request === 99);
  return (reply as { readonly value: LoadInfo }).value;
}

const begin = (bench: Bench, worker: number, { task, attempt }: Assignment): void =>
  bench.answer(worker, { op: "started", task, attempt });

const many = (count: number, first = 1) => Array.from({ length: count }, (_, i) => spec(first + i));

test("the load counts what waits by what is known of its duration", () => {
  const bench = new Bench().client();
  expect(loadOf(bench)).toEqual({
    workers: [],
    queued: 0,
    unplaceable: 0,
    queuedMs: 0,
    processing: 0,
    occupancyMs: 0,
  });
  bench.submit([...many(10), spec(11, [1])]);
  // Without a worker none can be placed; of the one that waits for an input nothing is known yet.
  expect(loadOf(bench)).toMatchObject({ queued: 10, unplaceable: 10, queuedMs: 5_000 });
  bench.worker(1);
  const [first] = bench.assigned(1);
  begin(bench, 1, first as Assignment);
  const load = loadOf(bench);
  expect(load).toMatchObject({ queued: 8, unplaceable: 0, queuedMs: 4_000, processing: 2, occupancyMs: 1_000 });
  expect(load.workers).toEqual([
    {
      name: "w1",
      address: "ws://w1:1",
      status: "running",
      slots: 1,
      assigned: 2,
      running: 1,
      storedBytes: 0,
      memoryLimitBytes: 0,
      idleMs: undefined,
    },
  ]);
  bench.done(1, first as Assignment, 100);
  const { queued, queuedMs } = loadOf(bench);
  expect(queuedMs).toBe(100 * queued);
});

test("what no worker may run is counted among the queued, until one comes that may", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)], { requests: [{ ...plain, resources: { GPU: 1 } }] });
  expect(loadOf(bench)).toMatchObject({ queued: 1, unplaceable: 1, queuedMs: 500, processing: 0 });
  bench.worker(2, { resources: { GPU: 1 } });
  expect(loadOf(bench)).toMatchObject({ queued: 0, unplaceable: 0, queuedMs: 0, processing: 1 });
});

test("a worker is idle since its last task has ended, or has stopped", () => {
  const bench = new Bench().client().worker(1);
  bench.nowMs = 50;
  expect(loadOf(bench).workers[0]?.idleMs).toBe(50);
  bench.submit([spec(1)]);
  const [first] = bench.assigned(1);
  begin(bench, 1, first as Assignment);
  bench.nowMs = 100;
  bench.say({ op: "cancel", request: 1, futures: [futureId(1)], force: true, reason: "" });
  expect(loadOf(bench).workers[0]).toMatchObject({ assigned: 1, running: 0, idleMs: undefined });
  bench.nowMs = 150;
  bench.answer(1, { op: "cancelled", task: (first as Assignment).task, attempt: 1 });
  bench.nowMs = 180;
  expect(loadOf(bench).workers[0]).toMatchObject({ assigned: 0, running: 0, idleMs: 30 });
});

test("a task that waits for its own is no load, and its worker is not idle", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const [first] = bench.assigned(1);
  begin(bench, 1, first as Assignment);
  bench.answer(1, { op: "lent", task: (first as Assignment).task, attempt: 1 });
  const load = loadOf(bench);
  expect(load.processing).toBe(0);
  expect(load.workers[0]).toMatchObject({ assigned: 1, running: 1, idleMs: undefined });
});

test("an attempt that its worker had begun before it was cut off goes on being counted as running", () => {
  const bench = new Bench().client().worker(1, { instance: "i1" });
  bench.submit([spec(1)]);
  const [first] = bench.assigned(1);
  bench.cut(1);
  bench.again(1, 11);
  const { task, attempt } = first as Assignment;
  bench.answer(11, {
    op: "inventory",
    held: [],
    attempts: [{ task, attempt, started: true }],
    runs: [],
    status: "running",
  });
  expect(loadOf(bench).workers).toMatchObject([{ name: "w1", assigned: 1, running: 1 }]);
});

const retireIdle = (bench: Bench, ...names: string[]): void =>
  bench.say({ op: "retire-workers", request: 7, names, idleOnly: true });

test("only idle workers are retired if that is asked for, and the reply names them", () => {
  const bench = new Bench().client().worker(1).worker(2).worker(3);
  bench.submit([spec(1)]);
  const [first] = bench.assigned(1);
  begin(bench, 1, first as Assignment);
  bench.told();
  retireIdle(bench, "w1", "w2", "nobody");
  expect(bench.sent(1)).toEqual([]);
  expect(bench.sent(2)).toMatchObject([{ op: "stop", how: "drain" }]);
  expect(bench.told()).toEqual([]);
  bench.answer(2, { op: "goodbye", reason: "retired" });
  expect(bench.told()).toEqual([{ op: "reply", request: 7, value: ["w2"] }]);
  // What comes now goes to those that stay.
  bench.submit(many(4, 10), { prefix: "q" });
  expect(bench.assigned(3).length).toBeGreaterThan(0);
});

test("when every named worker is busy, nothing happens", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.assigned(1);
  bench.told();
  retireIdle(bench, "w1");
  expect(bench.told()).toEqual([{ op: "reply", request: 7, value: [] }]);
  bench.nothingElse();
});

test("a result that is still wanted keeps one worker, which takes those of the others", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1), spec(2)]);
  for (const id of [1, 2]) for (const assignment of bench.assigned(id)) bench.done(id, assignment);
  bench.told();
  retireIdle(bench, "w1", "w2");
  const [copy] = bench.sent(1);
  expect(copy).toMatchObject({ op: "replicate", inputs: [{ addresses: ["ws://w2:1"] }] });
  expect(bench.sent(2)).toEqual([]);
  const task = copy?.op === "replicate" ? copy.inputs[0]?.task : undefined;
  if (task === undefined) expect.unreachable("no copy was asked for");
  bench.answer(1, { op: "stored", task, bytes: 8 });
  expect(bench.sent(2)).toMatchObject([{ op: "stop", how: "drain" }]);
  bench.answer(2, { op: "goodbye", reason: "retired" });
  // Its address answers nobody any more, so the client is told where its result lies now.
  const told = bench.told();
  expect(told).toMatchObject([{ op: "finished", task, addresses: ["ws://w1:1"] }, { op: "reply", request: 7 }]);
  expect(told.at(-1)).toEqual({ op: "reply", request: 7, value: ["w2"] });
  // Nobody wants them any more: now the last may go.
  bench.say({ op: "release", futures: [futureId(1), futureId(2)] });
  bench.sent(1);
  retireIdle(bench, "w1");
  expect(bench.sent(1)).toMatchObject([{ op: "stop", how: "drain" }]);
});

test("one that is cut off is left alone: it may be busy, for all that is known", () => {
  const bench = new Bench().client().worker(1, { instance: "i1" }).worker(2);
  bench.cut(1);
  retireIdle(bench, "w1");
  expect(bench.told()).toEqual([{ op: "reply", request: 7, value: [] }]);
});

test("what scales the cluster may tell why, and it is logged", () => {
  const bench = new Bench().client();
  bench.say({ op: "scaling", decision: { atMs: 1, live: 0, requested: 2, target: 2, reason: "10 tasks wait" } });
  expect(bench.logged).toContain("debug: the cluster is scaled: 10 tasks wait");
});

test("a cluster that nobody but an observer is connected to is idle", () => {
  const bench = new Bench();
  bench.event({ kind: "client-connected", client: clientId(5), name: "cluster", observer: true });
  expect(bench.core.idle).toBe(true);
  bench.client();
  expect(bench.core.idle).toBe(false);
});
