import { expect, test } from "vitest";
import { futureId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const boom = { code: "TASK_FAILED", message: "boom", retryable: false } as const;
const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;
const failedBy = (assignment: Assignment, blame: "task" | "infrastructure" = "task") =>
  ({
    op: "failed",
    task: assignment.task,
    attempt: assignment.attempt,
    error: boom,
    blame,
    startMs: 0,
    endMs: 1,
  }) as const;

test("a cyclic graph is refused whole, naming the cycle", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [3]), spec(2, [1]), spec(3, [2]), spec(4)]);
  expect(bench.told()).toMatchObject([
    { op: "rejected", error: { code: "CYCLIC_GRAPH", message: expect.stringContaining("inc-1-p") } },
  ]);
  bench.nothingElse();
});

test("an unknown future among the inputs is refused", () => {
  const bench = new Bench().client();
  bench.submit([spec(1, [77])]);
  expect(bench.told()).toMatchObject([{ op: "rejected", error: { code: "UNKNOWN_FUTURE" } }]);
});

test("one key is one task for all clients, and a different definition under it is refused", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "k" })], {}, 1);
  bench.submit([spec(1, [], { key: "k" })], {}, 2);
  const [assignment, ...rest] = bench.assigned(1);
  expect(rest).toEqual([]);
  bench.submit([spec(2, [], { key: "k", args: [new Uint8Array([1])] })], {}, 2);
  expect(bench.told(2).at(-1)).toMatchObject({ op: "rejected", error: { code: "KEY_CONFLICT" } });
  bench.done(1, assignment as Assignment);
  expect(bench.told(1).at(-1)).toMatchObject({ op: "finished", future: 1 });
  expect(bench.told(2)).toMatchObject([{ op: "finished", future: 1 }]);
  bench.say({ op: "release", futures: [futureId(1)] }, 1);
  expect(bench.sent(1)).toEqual([]);
  bench.say({ op: "release", futures: [futureId(1)] }, 2);
  expect(bench.sent(1)).toMatchObject([{ op: "free" }]);
});

test("retries use up, then the failure reaches the task and all that need it", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2, [1])], { requests: [{ ...plain, retries: 1 }] });
  bench.told();
  bench.answer(1, failedBy(first(bench.assigned(1))));
  const again = first(bench.assigned(1));
  expect(again.attempt).toBe(2);
  bench.answer(1, failedBy(again));
  expect(bench.told()).toEqual([
    { op: "failed", future: 1, error: boom },
    { op: "failed", future: 2, error: boom },
  ]);
  bench.say({ op: "retry", request: 9, futures: [futureId(2)] });
  expect(first(bench.assigned(1)).attempt).toBe(3);
  expect(bench.told().map((message) => message.op)).toEqual(["pending", "pending", "reply"]);
});

test("a failure that is nobody's fault costs no retry", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.answer(1, failedBy(first(bench.assigned(1)), "infrastructure"));
  expect(first(bench.assigned(1)).attempt).toBe(2);
});

test("a lost worker's results are computed again with what they need, and only then told as pending", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1, [], { wanted: false }), spec(2, [1])]);
  bench.done(1, first(bench.assigned(1)));
  bench.done(1, first(bench.assigned(1)));
  bench.sent(1);
  bench.told();
  bench.lose(1);
  expect(bench.told()).toEqual([{ op: "pending", future: 2 }]);
  const again = first(bench.assigned(2));
  expect(again.key).toBe("inc-1-p");
  bench.done(2, again);
  bench.done(2, first(bench.assigned(2)));
  expect(bench.told()).toMatchObject([{ op: "finished", future: 2, addresses: ["ws://w2:1"] }]);
});

test("only a started task is suspected when its worker dies, and the error tells of each attempt", () => {
  const bench = new Bench().client();
  for (let id = 1; id <= 4; id++) {
    bench.worker(id);
    if (id === 1) bench.submit([spec(1), spec(2)]);
    const running = first(bench.assigned(id));
    bench.answer(id, { op: "started", task: running.task, attempt: running.attempt });
    bench.lose(id);
  }
  const failed = bench.told().filter((message) => message.op === "failed");
  expect(failed).toMatchObject([{ future: 1, error: { code: "WORKER_LOST", details: { attempts: { length: 4 } } } }]);
});

test("a goodbye casts no suspicion", () => {
  const bench = new Bench().client();
  for (let id = 1; id <= 6; id++) {
    bench.worker(id);
    if (id === 1) bench.submit([spec(1)]);
    const running = first(bench.assigned(id));
    bench.answer(id, { op: "started", task: running.task, attempt: running.attempt });
    bench.answer(id, { op: "goodbye", reason: "scaled down" });
  }
  expect(bench.told()).toEqual([{ op: "accepted", submission: 1 }]);
});

test("a cancelled key that is submitted again at once runs afresh and never sees the old result", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { key: "k" })]);
  const old = first(bench.assigned(1));
  bench.say({ op: "cancel", request: 5, futures: [futureId(1)], force: true, reason: "changed my mind" });
  expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: old.task, attempt: 1, force: true }]);
  expect(bench.told().at(-1)).toMatchObject({ op: "cancelled", future: 1, error: { code: "CANCELLED" } });
  bench.submit([spec(2, [], { key: "k" })]);
  const fresh = first(bench.assigned(1));
  expect(fresh.task).not.toBe(old.task);
  // The old attempt ended before the cancel reached it: its result is thrown away, and only then is the cancel answered.
  bench.done(1, old);
  expect(bench.sent(1)).toEqual([{ op: "free", tasks: [old.task] }]);
  expect(bench.told()).toEqual([
    { op: "accepted", submission: 2 },
    { op: "reply", request: 5, value: null },
  ]);
  bench.done(1, fresh);
  expect(bench.told()).toMatchObject([{ op: "finished", future: 2, task: fresh.task }]);
});

test("what another client wants goes on when one cancels", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "k" })], {}, 1);
  bench.submit([spec(1, [], { key: "k" })], {}, 2);
  const running = first(bench.assigned(1));
  bench.say({ op: "cancel", request: 5, futures: [futureId(1)], force: true, reason: "" }, 1);
  expect(bench.told(1).slice(-2)).toMatchObject([
    { op: "cancelled", future: 1 },
    { op: "reply", request: 5 },
  ]);
  bench.done(1, running);
  expect(bench.told(2).at(-1)).toMatchObject({ op: "finished", future: 1 });
});

test("a silent worker is lost after ten heartbeats or its time to live", () => {
  const bench = new Bench().client().worker(1);
  expect(bench.core.nextWakeupMs()).toBe(30_000);
  bench.nowMs = 29_999;
  bench.event({ kind: "wake" });
  expect(bench.closed).toEqual([]);
  bench.nowMs = 30_000;
  bench.event({ kind: "wake" });
  expect(bench.closed).toEqual([1]);
});

test("a worker that comes back under its name replaces the old one", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.assigned(1);
  bench.worker(2, { name: "w1" });
  expect(bench.sent(1)).toMatchObject([{ op: "stop", how: "now", restart: false }]);
  expect(bench.closed).toEqual([1]);
  expect(first(bench.assigned(2)).attempt).toBe(2);
});

test("scattered values are results without a function: kept while wanted, lost with their last holder", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.say({
    op: "scatter",
    request: 3,
    futures: [futureId(1), futureId(2)],
    bytes: [10, 10],
    workers: [],
    broadcast: false,
  });
  const [reply] = bench.told();
  expect(reply).toMatchObject({ value: [{ addresses: ["ws://w1:1"] }, { addresses: ["ws://w2:1"] }] });
  bench.say({
    op: "scattered",
    request: 4,
    futures: [futureId(1), futureId(2)],
    addresses: [["ws://w1:1"], ["ws://w2:1"]],
  });
  expect(bench.told().map((message) => message.op)).toEqual(["finished", "finished", "reply"]);
  bench.lose(1);
  expect(bench.told()).toMatchObject([
    { op: "pending", future: 1 },
    { op: "lost", future: 1, error: { code: "DATA_LOST" } },
  ]);
});

test("a worker that retires hands over what only it holds, then stops", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1)]);
  const made = first(bench.assigned(1));
  bench.done(1, made);
  bench.told();
  bench.say({ op: "retire-workers", request: 8, names: ["w1"] });
  expect(bench.sent(2)).toEqual([
    { op: "replicate", inputs: [{ task: made.task, bytes: 8, addresses: ["ws://w1:1"] }] },
  ]);
  bench.answer(2, { op: "stored", task: made.task, bytes: 8 });
  expect(bench.sent(1)).toMatchObject([{ op: "stop", how: "drain", restart: false }]);
  bench.answer(1, { op: "goodbye", reason: "retired" });
  expect(bench.told()).toMatchObject([
    { op: "finished", future: 1, addresses: ["ws://w2:1"] },
    { op: "reply", request: 8, value: ["w1"] },
  ]);
  expect(bench.closed).toEqual([1]);
});

test("runOnWorkers asks each worker and gives the dead ones' answers itself", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.say({ op: "run-on-workers", request: 6, fn: spec(1).fn, args: [], workers: [] });
  expect(bench.sent(1)).toMatchObject([{ op: "define-fn" }, { op: "run", request: 1 }]);
  expect(bench.sent(2)).toMatchObject([{ op: "define-fn" }, { op: "run", request: 1 }]);
  bench.answer(1, { op: "run-reply", request: 1, value: [] });
  bench.lose(2);
  expect(bench.told()).toMatchObject([
    { op: "reply", request: 6, value: [{ worker: "w1" }, { worker: "w2", error: { code: "CONNECTION_LOST" } }] },
  ]);
});

test("a task whose input is lost before it began is taken back, and sent again once there is a holder", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1)], { requests: [{ ...plain, workers: ["w1"] }] });
  const input = first(bench.assigned(1));
  bench.done(1, input);
  bench.submit([spec(2, [1])], { requests: [{ ...plain, workers: ["w2"] }] });
  const waiting = first(bench.assigned(2));
  bench.answer(2, { op: "unreachable-input", task: input.task, addresses: ["ws://w1:1"] });
  // Its place is free for whatever has to be computed again.
  expect(bench.sent(2)).toMatchObject([{ op: "cancel", task: waiting.task, attempt: 1, force: true }]);
  const [again] = bench.assigned(1, "free");
  expect(again).toMatchObject({ task: input.task, attempt: 2 });
  bench.answer(2, { op: "cancelled", task: waiting.task, attempt: 1 });
  bench.done(1, again as Assignment);
  expect(bench.assigned(2, "holders")).toMatchObject([{ task: waiting.task, attempt: 2 }]);
});

test("a client that leaves takes its work with it", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2), spec(3)]);
  const running = bench.assigned(1);
  bench.event({ kind: "client-lost", client: 1 as never });
  expect(bench.sent(1).map((message) => message.op)).toEqual(["cancel", "cancel"]);
  for (const { task, attempt } of running) bench.answer(1, { op: "cancelled", task, attempt });
  expect(bench.core.idle).toBe(true);
});

test("a result whose input was cancelled since is not shared with who submits the same keys afresh", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  const graph = [spec(1, [], { key: "a" }), spec(2, [1], { key: "b" })];
  bench.submit(graph, {}, 2);
  for (let i = 0; i < 2; i++) bench.done(1, first(bench.assigned(1)));
  bench.say({ op: "cancel", request: 5, futures: [futureId(1)], force: true, reason: "" }, 2);
  bench.sent(1);
  bench.submit(graph, {}, 1);
  for (let i = 0; i < 2; i++) bench.done(1, first(bench.assigned(1)));
  bench.told(1);
  // Both results are lost. What client 1 wants can be computed again; what client 2 wants cannot.
  bench.lose(1);
  expect(bench.told(1).map((message) => message.op)).toEqual(["pending", "pending"]);
  expect(bench.told(2).at(-1)).toMatchObject({ op: "cancelled", future: 2 });
});
