import { expect, test } from "vitest";
import type { WorkerEvent } from "../../../worker/core/events.ts";
import { cancelled, compute, done, execute, Harness, send, slotDone, started, store, t } from "./harness.ts";

const lent = (job: number): WorkerEvent => ({ kind: "slot-lent", job });
const returned = (job: number): WorkerEvent => ({ kind: "slot-returned", job });
const tell = (op: "lent" | "returned", task: number) => send({ op, task: t(task), attempt: 1 });

test("a slot that is lent out runs the next task, and its own task goes on at once when it has returned", () => {
  const h = new Harness();
  h.messages(compute(1), compute(2), compute(3));
  expect(h.event(lent(1))).toEqual([tell("lent", 3), execute(2, 2), started(2)]);
  expect(h.event(returned(1))).toEqual([tell("returned", 3)]);
  // Two run in one slot now: the next begins only when both have ended.
  expect(h.event(slotDone(2))).toEqual([store(2), done(2)]);
  expect(h.event(slotDone(1))).toEqual([store(3), done(3), execute(3, 1), started(1)]);
});

test("slots are lent to any depth", () => {
  const h = new Harness();
  h.messages(...Array.from({ length: 20 }, (_, index) => compute(index + 1)));
  for (let job = 1; job < 20; job++) expect(h.event(lent(job))).toHaveLength(3);
  for (let job = 20; job > 1; job--) {
    expect(h.event(slotDone(job))).toHaveLength(2);
    expect(h.event(returned(job - 1))).toHaveLength(1);
  }
});

test("what changes nothing is not told", () => {
  const h = new Harness();
  h.messages(compute(1));
  expect(h.event(returned(1))).toEqual([]);
  expect(h.event(lent(7))).toEqual([]);
  h.event(lent(1));
  expect(h.event(lent(1))).toEqual([]);
  h.event(slotDone(1));
  expect(h.event(returned(1))).toEqual([]);
});

test("resources stay with a task that lent its slot", () => {
  const h = new Harness({ resources: { GPU: 1 } });
  h.messages(compute(1, { resources: { GPU: 1 } }), compute(2, { resources: { GPU: 1 } }));
  expect(h.event(lent(1))).toEqual([tell("lent", 2)]);
  expect(h.event(slotDone(1))).toEqual([store(2), done(2), execute(2, 1, {}), started(1)]);
});

test("one that is left to its end after a cancel lends its slot, too; one that was given up says nothing", () => {
  const h = new Harness();
  h.messages(compute(1), compute(2));
  h.messages({ op: "cancel", task: t(2), attempt: 1, force: false, reason: "" });
  expect(h.event(lent(1))).toEqual([tell("lent", 2), execute(2, 1), started(1)]);
  expect(h.event(slotDone(1))).toEqual([cancelled(2)]);
  h.messages(compute(1, { attempt: 2 }));
  expect(h.event(lent(2))).toEqual([]);
});

test("a job outside scheduling lends its slot without a word, and an order comes beside what overlaps", () => {
  const h = new Harness();
  h.messages({ op: "run", request: 1, fn: compute(1).fn, args: [] }, compute(1), compute(2));
  expect(h.event(lent(1))).toEqual([execute(2, 2), started(2)]);
  h.event(returned(1));
  const [order] = h.messages({ op: "run", request: 2, fn: compute(1).fn, args: [] });
  expect(order).toMatchObject({ kind: "execute", extra: true });
});
