import { expect, test } from "vitest";
import type { Explanation } from "../../../protocol/explanation.ts";
import { clientId, futureId } from "../../../protocol/ids.ts";
import type { Assignment, SchedulerToClient, SchedulerToWorker, TaskSpec } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

/** A worker with one slot, and tasks that are known to take no time to speak of. */
function quick(): Bench {
  const bench = new Bench().client().worker(1, { instance: "i1" });
  bench.submit([spec(1)]);
  const [first] = bench.assigned(1) as [Assignment];
  bench.done(1, first, 0.5);
  bench.say({ op: "release", futures: [futureId(1)] });
  bench.told();
  bench.sent(1);
  return bench;
}

const chain = (from: number, to: number): TaskSpec[] =>
  Array.from({ length: to - from + 1 }, (_, i) =>
    spec(from + i, i === 0 ? [] : [from + i - 1], { wanted: from + i === to }),
  );

/** The first of a chain of three, being made on worker 1, and the second, which was sent after it. */
function followed(): { bench: Bench; leader: Assignment; follower: Assignment } {
  const bench = quick();
  bench.submit(chain(2, 4));
  const [leader, follower] = bench.assigned(1) as [Assignment, Assignment];
  bench.told();
  return { bench, leader, follower };
}

const ids = (assignments: readonly Assignment[]): number[] => assignments.map(({ task }) => task);
const taskOf = (message: SchedulerToWorker | undefined): unknown => (message as { task?: unknown } | undefined)?.task;

test("the next of a chain is sent while its input is being made, and the one after it once that is done", () => {
  const { bench, leader, follower } = followed();
  expect(follower).toMatchObject({ attempt: 1, inputs: [{ task: leader.task, addresses: [] }] });
  bench.nothingElse();
  bench.done(1, leader, 0.5);
  const [last] = bench.assigned(1) as [Assignment];
  expect(last).toMatchObject({ inputs: [{ task: follower.task, addresses: [] }] });
  bench.done(1, follower, 0.5);
  bench.done(1, last, 0.5);
  expect(bench.told()).toMatchObject([{ op: "finished", future: 4 }]);
  expect(bench.sent(1).every(({ op }) => op === "free")).toBe(true);
  bench.nothingElse();
});

test("all of it may be told in one go", () => {
  const { bench, leader, follower } = followed();
  bench.answer(1, { op: "started", task: leader.task, attempt: 1 });
  bench.done(1, leader, 0.5);
  bench.answer(1, { op: "started", task: follower.task, attempt: 1 });
  bench.done(1, follower, 0.5);
  const messages = bench.sent(1);
  expect(messages.filter(({ op }) => op === "compute")).toHaveLength(1);
  expect(messages.every(({ op }) => op === "compute" || op === "free")).toBe(true);
});

test("a task that may take long follows nobody, nor is it followed", () => {
  const bench = new Bench().client().worker(1);
  bench.submit(chain(1, 2));
  expect(bench.assigned(1)).toHaveLength(1);
});

test("who has another input elsewhere, asks for something special, or belongs to another run, waits", () => {
  const bench = quick().worker(2);
  bench.submit([spec(10)], { requests: [{ ...plain, workers: ["w2"] }] });
  const [elsewhere] = bench.assigned(2) as [Assignment];
  bench.done(2, elsewhere, 0.5);
  bench.submit([spec(11, [], { request: 1 }), spec(12, [11, 10]), spec(13, [11], { request: 1 })], {
    requests: [plain, { ...plain, workers: ["w1"] }],
  });
  bench.submit([spec(14, [11])], { run: "another" });
  expect(bench.assigned(1)).toHaveLength(1);
});

test("while others wait for a place, nobody is served out of turn", () => {
  const bench = quick();
  // The last of them waits for the resource that the first has.
  const gpu = { ...plain, resources: { GPU: 1 } };
  bench.worker(2, { resources: { GPU: 1 } });
  bench.submit([spec(20), spec(21)], { requests: [gpu] });
  expect(bench.assigned(2)).toHaveLength(1);
  bench.submit(chain(2, 3));
  expect([...bench.assigned(1), ...bench.assigned(2)]).toHaveLength(1);
});

test("when the task that it follows fails and is tried again, it is taken back, and waits like any other", () => {
  const bench = quick();
  bench.submit(chain(2, 3), { requests: [{ ...plain, retries: 1 }] });
  const [leader, follower] = bench.assigned(1) as [Assignment, Assignment];
  const error = { code: "TASK_FAILED", message: "no", retryable: false } as const;
  bench.answer(1, { op: "failed", task: leader.task, attempt: 1, error, blame: "task", startMs: 0, endMs: 1 });
  const [cancel, again] = bench.sent(1);
  expect(cancel).toMatchObject({ op: "cancel", task: follower.task, attempt: 1 });
  expect(again).toMatchObject({ op: "compute", task: leader.task, attempt: 2 });
  // It is still being stopped there, so that it may not follow anew.
  bench.done(1, { ...leader, attempt: 2 }, 0.5);
  expect(bench.assigned(1)).toEqual([]);
  bench.answer(1, { op: "cancelled", task: follower.task, attempt: 1 });
  expect(bench.assigned(1)).toMatchObject([{ task: follower.task, attempt: 2 }]);
});

test("when the task that it follows fails for good, so does it, and its place is free once its worker has confirmed", () => {
  const { bench, leader, follower } = followed();
  const error = { code: "TASK_FAILED", message: "no", retryable: false } as const;
  bench.answer(1, { op: "failed", task: leader.task, attempt: 1, error, blame: "task", startMs: 0, endMs: 1 });
  expect(bench.told()).toMatchObject([{ op: "failed", future: 4 }]);
  expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: follower.task, attempt: 1 }]);
  bench.answer(1, { op: "cancelled", task: follower.task, attempt: 1 });
  bench.event({ kind: "client-lost", client: clientId(1) });
  bench.sent(1);
  expect(bench.core.leftovers()).toEqual([]);
});

test("a cancel reaches what may have begun behind the task that it follows, and is confirmed when both have stopped", () => {
  const bench = quick();
  bench.submit(chain(2, 3).map((task) => ({ ...task, wanted: true })));
  const [leader, follower] = bench.assigned(1) as [Assignment, Assignment];
  bench.told();
  bench.say({ op: "cancel", request: 7, futures: [futureId(2)], force: true, reason: "enough" });
  const cancels = bench.sent(1);
  expect(cancels.map(({ op }) => op)).toEqual(["cancel", "cancel"]);
  expect(cancels.map(taskOf).sort()).toEqual(ids([leader, follower]).sort());
  const replied = () => bench.told().some((message) => message.op === "reply");
  expect(replied()).toBe(false);
  bench.answer(1, { op: "cancelled", task: leader.task, attempt: 1 });
  const early = replied();
  bench.answer(1, { op: "cancelled", task: follower.task, attempt: 1 });
  expect([early, replied()]).toEqual([false, true]);
});

test("with its worker gone it begins anew elsewhere, alone, because it may have begun", () => {
  const { bench, leader, follower } = followed();
  bench.worker(2);
  bench.lose(1);
  const [again] = bench.assigned(2) as [Assignment];
  expect(again).toMatchObject({ task: leader.task, attempt: 2, alone: true });
  bench.done(2, again, 0.5);
  expect(bench.assigned(2)).toMatchObject([{ task: follower.task, attempt: 2, alone: true }]);
});

test("a worker that takes no more tasks gives it back, though what it follows has begun", () => {
  const { bench, leader, follower } = followed();
  bench.answer(1, { op: "started", task: leader.task, attempt: 1 });
  bench.answer(1, { op: "status", status: "paused" });
  expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: follower.task, attempt: 1, force: false }]);
});

test("one whose code cannot be had there goes the ordinary way", () => {
  const { bench, leader, follower } = followed();
  const error = { code: "CODE_FAILED", message: "no code", retryable: true } as const;
  const { task } = follower;
  bench.answer(1, { op: "failed", task, attempt: 1, error, blame: "infrastructure", startMs: 0, endMs: 0 });
  expect(bench.sent(1)).toEqual([]);
  bench.done(1, leader, 0.5);
  expect(bench.assigned(1)[0]).toMatchObject({ task, attempt: 2, inputs: [{ addresses: ["ws://w1:1"] }] });
});

test("a worker that comes back goes on with it, and one that never got it is sent it again", () => {
  for (const arrived of [true, false]) {
    const { bench, leader, follower } = followed();
    bench.cut(1);
    bench.again(1, 5);
    bench.sent(5);
    const attempts = [leader, ...(arrived ? [follower] : [])].map(({ task }) => ({ task, attempt: 1, started: false }));
    bench.answer(5, { op: "inventory", status: "running", held: [], attempts, runs: [] });
    bench.sent(5);
    bench.done(5, leader, 0.5);
    const [next] = bench.assigned(5) as [Assignment];
    expect(next).toMatchObject(arrived ? { inputs: [{ task: follower.task }] } : { task: follower.task, attempt: 2 });
  }
});

test("one that is done by the time its worker is back counts, and so does what it was followed by", () => {
  const bench = quick();
  bench.submit(chain(2, 3));
  const [leader, follower] = bench.assigned(1) as [Assignment, Assignment];
  bench.told();
  bench.cut(1);
  bench.again(1, 5);
  bench.sent(5);
  const held = [leader, follower].map(({ task }) => ({ task, bytes: 8 }));
  bench.answer(5, { op: "inventory", status: "running", held, attempts: [], runs: [] });
  expect(bench.told()).toContainEqual(expect.objectContaining({ op: "finished", future: 3 }));
});

test("explain says where it was sent, and what it waits for there", () => {
  const { bench, leader, follower } = followed();
  bench.say({ op: "explain", request: 7, key: follower.key });
  const [reply] = bench.told() as [Extract<SchedulerToClient, { op: "reply" }>];
  expect((reply.value as Explanation).paragraph).toContain(
    `It was sent to w1 ahead, as attempt 1, to begin there as soon as "${leader.key}" is done.`,
  );
});
