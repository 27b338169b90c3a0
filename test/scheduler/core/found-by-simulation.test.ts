import { expect, test } from "vitest";
import { futureId, taskId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

// Each of these was a fault that the simulation found; the seeds are in test/simulation/regressions.ts.

const cancel = (request: number, ...futures: number[]) =>
  ({ op: "cancel", request, futures: futures.map(futureId), force: true, reason: "" }) as const;
const boom = { code: "TASK_FAILED", message: "boom", retryable: false } as const;

/** Client 1 and client 2 both want "y", which needs "x"; only client 1 wants "x". Both are computed, on worker 1. */
function sharedPair(): Bench {
  const bench = new Bench().client(1).client(2).worker(1);
  const y = spec(2, [1], { key: "y" });
  bench.submit([spec(1, [], { key: "x" }), y], {}, 1);
  bench.submit([spec(1, [], { key: "x", wanted: false }), y], {}, 2);
  for (let done = 0; done < 2; done++) bench.done(1, bench.assigned(1, "free")[0] as Assignment);
  bench.sent(1);
  bench.told(1);
  bench.told(2);
  return bench;
}

test("a cancel does not reach what another client finished, not even when that has to be computed again", () => {
  const bench = sharedPair();
  bench.say(cancel(1, 1), 1);
  expect(bench.told(1).map(({ op }) => op)).toEqual(["cancelled", "reply"]);
  bench.sent(1);
  bench.lose(1);
  bench.worker(2);
  expect(bench.assigned(2).map(({ key }) => key)).toEqual(["x"]);
  expect(bench.told(2)).toMatchObject([{ op: "pending", future: 2 }]);
});

test("a future that was cancelled while another client goes on can be tried again", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "x" })], {}, 1);
  bench.submit([spec(1, [], { key: "x" })], {}, 2);
  bench.say(cancel(1, 1), 1);
  bench.assigned(1);
  bench.worker(2);
  bench.told(1);
  bench.say({ op: "retry", request: 2, futures: [futureId(1)] }, 1);
  expect(bench.told(1).map(({ op }) => op)).toEqual(["pending", "reply"]);
  bench.done(2, bench.assigned(2)[0] as Assignment);
  expect(bench.told(1)).toMatchObject([{ op: "finished", future: 1 }]);
});

test("a key that failed because its input was cancelled does not stand in the way of a new task", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "x" })], {}, 1);
  bench.say(cancel(1, 1), 1);
  bench.submit([spec(2, [1], { key: "y" })], {}, 1);
  expect(bench.told(1).at(-1)).toMatchObject({ op: "cancelled", future: 2 });
  bench.submit([spec(1, [], { key: "x" }), spec(2, [1], { key: "y" })], {}, 2);
  expect(bench.told(2).map(({ op }) => op)).toEqual(["accepted"]);
});

test("a key whose finished task had a cancelled input means a new task", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "x" }), spec(2, [1], { key: "y" })], {}, 1);
  for (let done = 0; done < 2; done++) bench.done(1, bench.assigned(1, "free")[0] as Assignment);
  bench.say(cancel(1, 1), 1);
  bench.sent(1);
  bench.submit([spec(1, [], { key: "x" }), spec(2, [1], { key: "y" })], {}, 2);
  expect(bench.assigned(1).map(({ key }) => key)).toEqual(["x"]);
});

test("a scattered copy that the client never heard of is known, and freed with the others", () => {
  const bench = new Bench().client().worker(1).worker(2);
  const futures = [futureId(1)];
  bench.say({ op: "scatter", request: 1, futures, bytes: [10], workers: [], broadcast: true });
  bench.answer(2, { op: "stored", task: taskId(1), bytes: 10 });
  bench.say({ op: "scattered", request: 2, futures, addresses: [["ws://w1:1"]] });
  expect(bench.told().at(-2)).toMatchObject({
    op: "finished",
    addresses: expect.arrayContaining(["ws://w1:1", "ws://w2:1"]),
  });
  bench.say({ op: "release", futures });
  expect(bench.sent(2)).toEqual([{ op: "free", tasks: [taskId(1)] }]);
});

test("a submission that brings nothing new leaves no run behind", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "x" })], { run: "first" }, 1);
  bench.submit([spec(1, [], { key: "x" })], { run: "second" }, 2);
  bench.done(1, bench.assigned(1)[0] as Assignment);
  for (const client of [1, 2]) bench.say({ op: "release", futures: [futureId(1)] }, client);
  expect(bench.core.leftovers()).toEqual(["2 clients"]);
});

test("a wish for workers gives way when those that are there lack the resources", () => {
  const bench = new Bench()
    .client()
    .worker(1)
    .worker(2, { resources: { GPU: 1 } });
  bench.submit([spec(1)], {
    requests: [{ ...plain, workers: ["w1"], allowOtherWorkers: true, resources: { GPU: 1 } }],
  });
  expect(bench.assigned(2)).toHaveLength(1);
  expect(bench.sent(1)).toEqual([]);
});

test("a worker that cannot reach what nobody needs is told to forget it", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1), spec(2)]);
  const [made] = bench.assigned(1) as [Assignment];
  const [failed] = bench.assigned(2) as [Assignment];
  bench.done(1, made);
  bench.say({ op: "release", futures: [futureId(1)] });
  bench.sent(1);
  bench.answer(2, { op: "failed", task: failed.task, attempt: 1, error: boom, blame: "task", startMs: 0, endMs: 1 });
  for (const { task } of [made, failed]) {
    bench.answer(2, { op: "unreachable-input", task, addresses: ["ws://w1:1"] });
    expect(bench.sent(2)).toEqual([{ op: "free", tasks: [task] }]);
  }
});

test("a copy that comes while its result is computed again is the result, and is not freed", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const [made] = bench.assigned(1) as [Assignment];
  bench.done(1, made);
  bench.worker(2);
  bench.lose(1);
  const [again] = bench.assigned(2) as [Assignment];
  bench.told();
  // It had fetched the result before it was told to compute it, and answers that it has it.
  bench.answer(2, { op: "stored", task: made.task, bytes: 8 });
  expect(bench.sent(2)).toMatchObject([{ op: "cancel", task: made.task, attempt: 2, force: true }]);
  expect(bench.told()).toMatchObject([{ op: "finished", future: 1 }]);
  bench.done(2, again);
  expect(bench.sent(2)).toEqual([]);
});

test("a worker that asks for a result does not hold it, whatever is believed of it", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const [made] = bench.assigned(1) as [Assignment];
  bench.done(1, made);
  bench.answer(1, { op: "unreachable-input", task: made.task, addresses: ["ws://w1:1"] });
  expect(bench.assigned(1)).toMatchObject([{ task: made.task, attempt: 2 }]);
});

test("a task that was queued at a worker while the one it wished for was away goes to that one when it is back", () => {
  const gpu = { ...plain, resources: { GPU: 1 } };
  const offer = { slots: 2, resources: { GPU: 1 } };
  const bench = new Bench().client().worker(1, offer);
  bench.submit([spec(1)], { requests: [gpu] });
  bench.done(1, bench.assigned(1)[0] as Assignment);
  bench.submit([spec(2)], { requests: [gpu] });
  bench.assigned(1);
  // Worker 1 holds the input and has a free slot, but not the resource yet.
  bench.submit([spec(3, [1])], { requests: [{ ...gpu, workers: ["w2"], allowOtherWorkers: true }] });
  expect(bench.sent(1)).toEqual([]);
  bench.worker(2, offer);
  expect(bench.assigned(2)).toMatchObject([{ key: "inc-3-p" }]);
});

test("a task that waits for a lost input does not keep the resources that computing the input needs", () => {
  const bench = new Bench().client().worker(1, { resources: { GPU: 2 } });
  const requests = [2, 1].map((GPU) => ({ ...plain, resources: { GPU } }));
  bench.submit([spec(1), spec(2, [1], { request: 1 })], { requests });
  const [input] = bench.assigned(1) as [Assignment];
  bench.done(1, input);
  const [waiting] = bench.assigned(1) as [Assignment];
  bench.answer(1, { op: "dropped", task: input.task });
  expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: waiting.task }]);
  bench.answer(1, { op: "cancelled", task: waiting.task, attempt: 1 });
  expect(bench.assigned(1)).toMatchObject([{ task: input.task, attempt: 2 }]);
});

test("a worker that computes what it was asked to copy has its copy, and another is asked for the next", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1)]);
  const [made] = bench.assigned(1) as [Assignment];
  bench.done(1, made);
  bench.say({ op: "copy", request: 1, futures: [futureId(1)], copies: 2 });
  expect(bench.sent(2)).toMatchObject([{ op: "replicate" }]);
  bench.answer(1, { op: "status", status: "paused" });
  bench.answer(1, { op: "dropped", task: made.task });
  const [again] = bench.assigned(2) as [Assignment];
  bench.worker(3);
  bench.done(2, again);
  expect(bench.sent(3)).toMatchObject([{ op: "replicate", inputs: [{ task: made.task }] }]);
});

test("a worker that leaves by its own wish is not waited for by what only it could run", () => {
  const bench = new Bench({ noWorkersTimeoutMs: 1_000 }).client().worker(1).worker(2);
  bench.answer(1, { op: "status", status: "retiring" });
  bench.submit([spec(1), spec(2, [], { request: 1 })], {
    requests: [
      { ...plain, workers: ["w1"], allowOtherWorkers: true },
      { ...plain, workers: ["w1"] },
    ],
  });
  expect(bench.assigned(2).map(({ key }) => key)).toEqual(["inc-1-p"]);
  bench.told();
  bench.nowMs = 1_000;
  bench.event({ kind: "wake" });
  expect(bench.told()).toMatchObject([{ op: "failed", future: 2, error: { code: "NO_WORKERS" } }]);
});

test("a wish for a worker that is leaving gives way, since it may wait for the very task", () => {
  const bench = new Bench().client(1).client(2).worker(1).worker(2);
  bench.submit([spec(1, [], { key: "parent" })], { requests: [{ ...plain, workers: ["w1"] }] }, 1);
  const [parent] = bench.assigned(1) as [Assignment];
  bench.answer(1, { op: "lent", task: parent.task, attempt: parent.attempt });
  bench.say({ op: "retire-workers", request: 1, names: ["w1"] }, 1);
  bench.submit([spec(1)], { parent: "parent", requests: [{ ...plain, workers: ["w1"], allowOtherWorkers: true }] }, 2);
  expect(bench.assigned(2).map(({ key }) => key)).toEqual(["inc-1-p"]);
});

test.each(["retiring", "paused"] as const)(
  "a retired worker that says it is %s does not keep what it has not begun, for which what runs there may wait",
  (status) => {
    const bench = new Bench().client(1).client(2).worker(1);
    bench.submit([spec(1, [], { key: "parent" })], {}, 1);
    const [{ task: parent }] = bench.assigned(1) as [Assignment];
    bench.answer(1, { op: "started", task: parent, attempt: 1 });
    bench.answer(1, { op: "lent", task: parent, attempt: 1 });
    bench.submit([spec(1)], { parent: "parent" }, 2);
    const [{ task: child }] = bench.assigned(1) as [Assignment];
    bench.worker(2);
    bench.say({ op: "retire-workers", request: 1, names: ["w1"] }, 1);
    expect(bench.sent(1)).toEqual([]);
    bench.answer(1, { op: "status", status });
    expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: child, attempt: 1 }]);
    expect(bench.assigned(2)).toMatchObject([{ task: child, attempt: 2 }]);
  },
);
