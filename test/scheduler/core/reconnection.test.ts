import { describe, expect, test } from "vitest";
import { fnId, workerId } from "../../../protocol/ids.ts";
import type { Assignment, Inventory } from "../../../protocol/messages.ts";
import { Bench, heartbeat, registration, spec } from "./bench.ts";

/** A client, and workers that can be known again. */
function bench(workers: number, slots = 1): Bench {
  const b = new Bench().client();
  for (let id = 1; id <= workers; id++) b.worker(id, { instance: `i${id}`, slots });
  return b;
}

const inventory = (said: Partial<Inventory> = {}): Inventory => ({
  op: "inventory",
  held: [],
  attempts: [],
  runs: [],
  status: "running",
  ...said,
});

const open = ({ task, attempt }: Assignment, started = true): Inventory["attempts"][number] => ({
  task,
  attempt,
  started,
});

const kept = [{ op: "resume", kept: true }];
const finished = (future: number): object => ({ op: "finished", future });

describe("a worker that is cut off", () => {
  test("keeps its tasks and results while another takes what is new", () => {
    const b = bench(2);
    b.submit([spec(1), spec(2)]);
    const [first] = b.assigned(1) as [Assignment];
    b.assigned(2);
    b.cut(1);
    expect(b.probes).toEqual(["ws://w1:1"]);
    b.submit([spec(3)]);
    b.told();
    // The second task of the other worker waits there, since nobody else may have it.
    const [extra] = b.assigned(2);
    expect(extra?.key).toBe("inc-3-p");
    b.again(1, 3);
    expect(b.sent(3)).toEqual(kept);
    b.answer(3, inventory({ attempts: [open(first)] }));
    b.done(3, first);
    expect(b.told()).toMatchObject([finished(1)]);
    // Its slot is idle again, while a task waits for the other's.
    expect(b.sent(2)).toEqual([{ op: "give-back", task: extra?.task, attempt: 1 }]);
    b.nothingElse();
  });

  test("is believed to have finished what it holds, although its word was lost", () => {
    const b = bench(1);
    b.submit([spec(1), spec(2, [1])]);
    const [first] = b.assigned(1) as [Assignment];
    b.cut(1);
    b.again(1, 2);
    expect(b.sent(2)).toEqual(kept);
    b.answer(2, inventory({ held: [{ task: first.task, bytes: 8 }] }));
    expect(b.told()).toMatchObject([{ op: "accepted" }, finished(1)]);
    expect(b.assigned(2)).toMatchObject([{ key: "inc-2-p", inputs: [{ task: first.task, addresses: ["ws://w1:1"] }] }]);
  });

  test("is asked again for what waits there, if it may not have heard that it was asked", () => {
    const b = bench(1);
    b.submit([spec(1), spec(2)]);
    const [running, waiting] = b.assigned(1) as [Assignment, Assignment];
    b.answer(1, { op: "started", task: running.task, attempt: 1 });
    b.worker(2);
    const giveBack = { op: "give-back", task: waiting.task, attempt: 1 };
    expect(b.sent(1)).toEqual([giveBack]);
    b.cut(1);
    b.again(1, 3);
    b.sent(3);
    b.answer(3, inventory({ attempts: [open(running), open(waiting, false)] }));
    expect(b.sent(3)).toEqual([giveBack]);
  });

  test("gets what it never received once more, without blame", () => {
    const b = bench(1);
    b.submit([spec(1)]);
    b.sent(1);
    b.cut(1);
    b.again(1, 2);
    b.sent(2);
    b.answer(2, inventory());
    expect(b.sent(2)).toMatchObject([{ op: "define-fn" }, { op: "compute", attempt: 2 }]);
  });

  test("is told again of a cancel that it missed, and frees its place when it never had the attempt", () => {
    const b = bench(1, 2);
    b.submit([spec(1), spec(2)]);
    const [first] = b.assigned(1) as [Assignment, Assignment];
    b.cut(1);
    b.say({ op: "cancel", request: 9, futures: [spec(1).future, spec(2).future], force: true, reason: "enough" });
    b.again(1, 2);
    b.sent(2);
    expect(b.told().filter(({ op }) => op === "reply")).toEqual([]);
    b.answer(2, inventory({ attempts: [open(first)] }));
    const { task, attempt } = first;
    expect(b.sent(2)).toEqual([{ op: "cancel", task, attempt, force: true, reason: "enough" }]);
    b.answer(2, { op: "cancelled", task, attempt });
    expect(b.told()).toEqual([{ op: "reply", request: 9, value: null }]);
    b.nothingElse();
  });

  test("drops results that were released meanwhile, and what it lost is computed again", () => {
    const b = bench(1, 2);
    b.submit([spec(1), spec(2)]);
    const [first, second] = b.assigned(1) as [Assignment, Assignment];
    b.done(1, first);
    b.done(1, second);
    b.cut(1);
    b.say({ op: "release", futures: [spec(1).future] });
    b.again(1, 2);
    b.told();
    b.sent(2);
    b.answer(2, inventory({ held: [{ task: first.task, bytes: 8 }] }));
    expect(b.sent(2)).toMatchObject([
      { op: "free", tasks: [first.task] },
      { op: "define-fn" },
      { op: "compute", task: second.task, attempt: 2 },
    ]);
    expect(b.told()).toEqual([{ op: "pending", future: 2 }]);
  });

  test("is named as a holder only if nobody else is", () => {
    const b = bench(2);
    b.submit([spec(1)]);
    const [first] = b.assigned(1) as [Assignment];
    b.done(1, first);
    b.answer(2, { op: "stored", task: first.task, bytes: 8 });
    b.cut(1);
    b.submit([spec(2, [1])]);
    expect(b.assigned(2)).toMatchObject([{ inputs: [{ addresses: ["ws://w2:1"] }] }]);
    b.cut(2);
    b.say({ op: "who-has", request: 1 });
    const [reply] = b.told().slice(-1);
    expect(reply).toMatchObject({ value: [{ addresses: ["ws://w1:1", "ws://w2:1"] }, { addresses: [] }] });
  });

  test("is lost when its time is over, and starts from nothing if it comes later", () => {
    const b = bench(2);
    b.submit([spec(1)]);
    const [first] = b.assigned(1) as [Assignment];
    b.answer(1, { op: "started", task: first.task, attempt: 1 });
    b.cut(1);
    expect(b.core.nextWakeupMs()).toBe(30_000);
    b.nowMs = 30_000;
    b.answer(2, heartbeat);
    b.event({ kind: "wake" });
    expect(b.closed.splice(0)).toEqual([1]);
    const [moved] = b.assigned(2) as [Assignment];
    expect(moved).toMatchObject({ task: first.task, attempt: 2 });
    b.again(1, 3);
    expect(b.sent(3)).toEqual([{ op: "resume", kept: false }]);
    b.answer(3, { op: "done", task: first.task, attempt: 1, bytes: 8, startMs: 0, endMs: 1 });
    expect(b.sent(3)).toEqual([{ op: "free", tasks: [first.task] }]);
    b.told();
    b.nothingElse();
  });

  test("is lost at once when its successor comes", () => {
    const b = bench(2);
    b.submit([spec(1)]);
    const [first] = b.assigned(1) as [Assignment];
    b.cut(1);
    b.event({
      kind: "worker-connected",
      worker: workerId(3),
      registration: registration("w1", { instance: "other", slots: 1 }),
    });
    expect(b.closed.splice(0)).toEqual([1]);
    expect([...b.assigned(2), ...b.assigned(3)]).toMatchObject([{ task: first.task, attempt: 2 }]);
    // Should the first turn out to be alive, it is not to take its name back.
    b.again(1, 4);
    expect(b.sent(4)).toMatchObject([{ op: "stop", how: "now" }]);
    expect(b.closed.splice(0)).toEqual([4]);
  });

  test("is given up soon when nothing listens at its address any more", () => {
    const b = bench(1);
    b.cut(1);
    b.event({ kind: "worker-probed", worker: workerId(1), found: true });
    expect(b.core.nextWakeupMs()).toBe(1_000);
    b.nowMs = 1_000;
    b.event({ kind: "wake" });
    expect(b.probes).toHaveLength(2);
    b.event({ kind: "worker-probed", worker: workerId(1), found: false });
    expect(b.core.nextWakeupMs()).toBe(3_000);
    b.nowMs = 3_000;
    b.event({ kind: "wake" });
    expect(b.closed).toEqual([1]);
  });

  test("may be back before the end of its old connection is noticed, and be cut off again before its inventory", () => {
    const b = bench(1);
    b.submit([spec(1)]);
    const [first] = b.assigned(1) as [Assignment];
    b.again(1, 2);
    expect(b.closed.splice(0)).toEqual([1]);
    expect(b.sent(2)).toEqual(kept);
    b.cut(2);
    b.again(1, 3);
    expect(b.sent(3)).toEqual(kept);
    b.answer(3, inventory({ attempts: [open(first)] }));
    b.done(3, first);
    expect(b.told()).toMatchObject([{ op: "accepted" }, finished(1)]);
    b.nothingElse();
  });

  test("is asked neither to run anything nor counted, and a call that it did not answer is given up", () => {
    const b = bench(1);
    b.say({ op: "run-on-workers", request: 5, fn: fnId(1), args: [], workers: [] });
    b.sent(1);
    b.cut(1);
    b.say({ op: "run-on-workers", request: 6, fn: fnId(1), args: [], workers: [] });
    expect(b.told()).toMatchObject([{ request: 6, error: { code: "NO_WORKERS" } }]);
    b.say({ op: "wait-for-workers", request: 7, count: 1 });
    b.again(1, 2);
    b.sent(2);
    b.answer(2, inventory());
    expect(b.told()).toMatchObject([
      { request: 5, value: [{ worker: "w1", error: { code: "CONNECTION_LOST" } }] },
      { request: 7, value: null },
    ]);
    b.nothingElse();
  });
});
