import { expect, test } from "vitest";
import { clientId, futureId, taskId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const keys = (assignments: readonly Assignment[]) => assignments.map(({ key }) => key);
const first = ([assignment]: readonly Assignment[]): Assignment => assignment as Assignment;
const lent = ({ task, attempt }: Assignment) => ({ op: "lent", task, attempt }) as const;
const returned = ({ task, attempt }: Assignment) => ({ op: "returned", task, attempt }) as const;

/** One worker with one slot, which runs a task that client 2 submits from within. */
function runningParent(): { bench: Bench; parent: Assignment } {
  const bench = new Bench()
    .client(1)
    .client(2)
    .worker(1, { resources: { GPU: 1 } });
  bench.submit([spec(1, [], { key: "parent" })]);
  const parent = first(bench.assigned(1));
  bench.answer(1, { op: "started", task: parent.task, attempt: parent.attempt });
  return { bench, parent };
}

const within = { run: "r", prefix: "q", parent: "parent" } as const;

test("a lent slot is filled, and none is sent in its place once it has returned", () => {
  const { bench, parent } = runningParent();
  bench.submit([spec(1), spec(2), spec(3), spec(4)], within, 2);
  expect(keys(bench.assigned(1))).toEqual(["inc-1-q"]); // One is sent ahead, as ever.
  bench.answer(1, lent(parent));
  const [second, ...rest] = bench.assigned(1);
  expect([keys([second as Assignment]), rest]).toEqual([["inc-2-q"], []]);
  bench.answer(1, returned(parent));
  bench.done(1, second as Assignment);
  expect(bench.assigned(1)).toEqual([]);
  bench.done(1, parent);
  expect(keys(bench.assigned(1))).toEqual(["inc-3-q"]);
});

test("what it tells twice, or of another attempt, changes nothing", () => {
  const { bench, parent } = runningParent();
  bench.submit([spec(1), spec(2), spec(3)], within, 2);
  bench.assigned(1);
  bench.answer(1, { ...lent(parent), attempt: 2 });
  bench.answer(1, { ...lent(parent), task: taskId(77) });
  bench.answer(1, returned(parent));
  expect(bench.assigned(1)).toEqual([]);
  bench.answer(1, lent(parent));
  bench.answer(1, lent(parent));
  expect(bench.assigned(1)).toHaveLength(1);
});

test("resources stay with a task that lent its slot", () => {
  const bench = new Bench().client(1).worker(1, { resources: { GPU: 1 } });
  bench.submit([spec(1), spec(2)], { requests: [{ ...plain, resources: { GPU: 1 } }] });
  const parent = first(bench.assigned(1));
  bench.answer(1, lent(parent));
  expect(bench.assigned(1)).toEqual([]);
  bench.done(1, parent);
  expect(bench.assigned(1)).toHaveLength(1);
});

test("one that is left to its end after a cancel goes on lending its slot until then", () => {
  const { bench, parent } = runningParent();
  bench.answer(1, lent(parent));
  bench.say({ op: "cancel", request: 9, futures: [futureId(1)], force: false, reason: "" });
  bench.submit([spec(1), spec(2), spec(3)], within, 2);
  const [child] = bench.assigned(1, "cancel");
  bench.answer(1, returned(parent));
  bench.done(1, child as Assignment);
  expect(bench.assigned(1)).toEqual([]);
  bench.answer(1, { op: "cancelled", task: parent.task, attempt: parent.attempt });
  expect(bench.assigned(1)).toHaveLength(1);
});

test("a worker that dies with lent slots leaves nothing in the books of its tasks' run", () => {
  const { bench, parent } = runningParent();
  bench.answer(1, lent(parent));
  bench.lose(1);
  bench.worker(2);
  const again = first(bench.assigned(2));
  expect(again).toMatchObject({ key: "parent", attempt: 2 });
  bench.answer(2, lent(again));
  bench.answer(2, returned(again));
  bench.done(2, again);
});

test("children run before everything of their parent's generation from the parent on, and before what came later", () => {
  const bench = new Bench().client(1).client(2).worker(1);
  bench.submit([spec(1, [], { key: "parent" }), spec(2)]);
  const [parent] = bench.assigned(1);
  bench.submit([spec(3)]);
  bench.submit([spec(1), spec(2)], within, 2);
  bench.answer(1, lent(parent as Assignment));
  bench.done(1, parent as Assignment);
  const order: string[] = [];
  for (let next = bench.assigned(1); next.length > 0; next = bench.assigned(1)) {
    for (const assignment of next) {
      order.push(assignment.key);
      bench.done(1, assignment);
    }
  }
  // The second of the first submission had been sent ahead.
  expect(order.filter((key) => key !== "inc-2-p")).toEqual(["inc-1-q", "inc-2-q", "inc-3-p"]);
});

test("children share in their parent's priority, and a parent that is not known is none", () => {
  const bench = new Bench().client(1).client(2).worker(1, { slots: 4 });
  bench.submit([spec(1, [], { key: "parent" })], { requests: [{ ...plain, priority: 5 }] });
  bench.submit([spec(1)], { ...within, requests: [{ ...plain, priority: 1 }] }, 2);
  bench.submit([spec(2)], { ...within, parent: "gone" }, 2);
  const [parent, child, orphan] = bench.assigned(1);
  expect(parent?.priority).toEqual([-5, 1, 0]);
  expect(child?.priority).toEqual([-6, 1, -1]);
  expect(orphan?.priority).toEqual([-0, 2, 0]);
});

test("what a task submitted is stopped when its client is gone", () => {
  const { bench, parent } = runningParent();
  bench.answer(1, lent(parent));
  bench.submit([spec(1)], within, 2);
  const child = first(bench.assigned(1));
  bench.event({ kind: "client-lost", client: clientId(2) });
  expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: child.task, force: true }]);
});

test("a worker that retires is not told to stop while a task there waits for tasks of its own", () => {
  const { bench, parent } = runningParent();
  bench.answer(1, lent(parent));
  bench.worker(2);
  bench.say({ op: "retire-workers", request: 1, names: ["w1"] });
  expect(bench.sent(1)).toEqual([]);
  bench.answer(1, returned(parent));
  bench.done(1, parent);
  expect(bench.sent(1)).toEqual([]);
  expect(bench.sent(2)).toMatchObject([{ op: "replicate", inputs: [{ task: parent.task }] }]);
  bench.answer(2, { op: "stored", task: parent.task, bytes: 8 });
  expect(bench.sent(1)).toMatchObject([{ op: "stop", how: "drain" }]);
});
