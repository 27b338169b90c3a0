import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { silentLogger } from "../../../protocol/logger.ts";
import { Slot } from "../../../worker/executor/slot.ts";
import { isJobEnd, type SlotEvent, type SlotJob } from "../../../worker/executor/slot-job.ts";
import { FakeThread } from "./fake-thread.ts";

const graceMs = 1_000;
const job = (id: number): SlotJob => ({
  id,
  key: "k",
  attempt: 1,
  fn: { bundle: "b", name: "", entry: "call" },
  codePath: "/b.mjs",
  args: [],
  inputs: [],
  timeoutMs: 0,
  brief: true,
});

let threads: FakeThread[];
let events: SlotEvent[];
let slot: Slot;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setImmediate", "clearImmediate"] });
  threads = [];
  events = [];
  slot = new Slot({
    kind: "thread",
    maxHeapBytes: 0,
    worker: { name: "w", address: "" },
    graceMs,
    log: silentLogger,
    onEvent: (event) => events.push(event),
    open(_, listener) {
      const thread = new FakeThread(listener);
      threads.push(thread);
      return thread;
    },
  });
  const started = slot.start();
  latest().deliver();
  await started;
});
afterEach(() => {
  // Whatever happened, the slot is usable.
  events = [];
  expect(slot.free).toBe(true);
  give(99);
  latest().begin();
  latest().finish();
  latest().lane.drain();
  expect([slot.free, endsOf()]).toEqual([true, [["done", 99]]]);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const latest = (): FakeThread => threads.at(-1) as FakeThread;
/** Hands over jobs, the first to the idle slot. */
const give = (...ids: number[]): void => {
  for (const id of ids) slot.follow(job(id));
};
const endsOf = (): [string, number][] => events.filter(isJobEnd).map((end) => [end.kind, end.job]);
const stalls = (): SlotEvent[] => events.filter(({ kind }) => kind === "stalled");

test("one that had begun when its thread was ended for the sake of the one before is given back", () => {
  give(1, 2, 3);
  const [thread] = threads as [FakeThread];
  thread.begin();
  slot.cancelJob(1, true);
  expect(stalls()).toEqual([{ kind: "stalled", job: 1, behind: [2, 3] }]);
  thread.finish("large");
  thread.deliver();
  give(4, 5);
  thread.begin();
  thread.finish("large");
  thread.begin();
  slot.cancelJob(4, true);
  vi.advanceTimersByTime(graceMs + 1);
  expect(thread.isEnding).toBe(true);
  thread.exit();
  latest().deliver();
  expect(endsOf()).toEqual([
    ["cancelled", 1],
    ["cancelled", 4],
  ]);
  expect(stalls()).toHaveLength(2);
  expect(stalls()[1]).toEqual({ kind: "stalled", job: 4, behind: [5] });
});

test("the end of one that had begun is told, though its thread is being ended for the sake of the one before", () => {
  give(1, 2);
  const [thread] = threads as [FakeThread];
  thread.begin();
  thread.finish("large");
  thread.begin();
  slot.cancelJob(1, true);
  vi.advanceTimersByTime(graceMs + 1);
  thread.finish();
  thread.exit();
  latest().deliver();
  expect([endsOf(), stalls()]).toEqual([
    [
      ["done", 2],
      ["cancelled", 1],
    ],
    [],
  ]);
});

test("those in a thread that cannot be ended are told as stuck, and forgotten", () => {
  give(1, 2);
  const [thread] = threads as [FakeThread];
  thread.begin();
  thread.finish("large");
  thread.begin();
  slot.cancelJob(1, true);
  vi.advanceTimersByTime(60_000);
  expect(endsOf()).toEqual([
    ["stuck", 1],
    ["stuck", 2],
  ]);
  thread.exit();
  latest().deliver();
  expect(endsOf()).toHaveLength(2);
});

test.each([true, false])(
  "one is cancelled (by force: %s) that began before the end of the one before is known",
  (force) => {
    give(1, 2, 3);
    const thread = latest();
    thread.begin();
    thread.finish("large");
    thread.begin();
    slot.cancelJob(2, force);
    expect(thread.waiting).toEqual([3]);
    thread.deliver();
    expect(endsOf()).toEqual([["done", 1]]);
    expect(stalls()).toEqual([{ kind: "stalled", job: 2, behind: [3] }]);
    expect(thread.aborted).toBe(force ? 2 : undefined);
    thread.finish();
    thread.lane.drain();
    expect(endsOf()).toEqual([
      ["done", 1],
      ["cancelled", 2],
    ]);
    vi.advanceTimersByTime(60_000);
    expect(threads).toEqual([thread]);
  },
);

test("one that had not begun when its thread ended begins in the next", () => {
  give(1, 2, 3);
  latest().begin();
  latest().finish();
  latest().exit();
  expect([slot.isComing, slot.has(2)]).toEqual([false, true]);
  latest().deliver();
  expect(stalls()).toEqual([{ kind: "stalled", job: 2, behind: [3] }]);
  expect([slot.free, latest().waiting, endsOf()]).toEqual([false, [2], [["done", 1]]]);
  latest().begin();
  latest().finish();
  latest().lane.drain();
  expect(endsOf()).toEqual([
    ["done", 1],
    ["done", 2],
  ]);
});

test("one that may itself have ended a thread in which nothing had begun does not begin in the next", () => {
  give(1);
  latest().exit();
  latest().deliver();
  expect(events).toMatchObject([{ kind: "failed", job: 1, error: { code: "TASK_EXITED" } }]);
});

test("one that is to begin in the next thread can be cancelled, and ends with its slot", async () => {
  give(1, 2);
  latest().begin();
  latest().finish();
  latest().exit();
  slot.cancelJob(2, true);
  latest().deliver();
  expect(endsOf()).toEqual([
    ["done", 1],
    ["cancelled", 2],
  ]);
});

test("one that takes long is told of, though none waits behind it, and none may wait there", () => {
  give(1);
  latest().begin();
  expect([slot.mayStall, slot.jobsAhead]).toEqual([true, 1]);
  slot.lookForStall();
  expect(stalls()).toEqual([]);
  slot.lookForStall();
  slot.lookForStall();
  expect(stalls()).toEqual([{ kind: "stalled", job: 1, behind: [] }]);
  expect([slot.mayStall, slot.jobsAhead]).toEqual([false, undefined]);
  latest().finish();
  latest().lane.drain();
});
