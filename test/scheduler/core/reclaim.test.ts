import { expect, test } from "vitest";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

/** A worker with one slot, which has begun the first task and has the second waiting. */
function crowded(): { bench: Bench; running: Assignment; waiting: Assignment } {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2)]);
  const [running, waiting] = bench.assigned(1) as [Assignment, Assignment];
  bench.answer(1, { op: "started", task: running.task, attempt: 1 });
  bench.told();
  return { bench, running, waiting };
}

test("what waits on a worker is asked back when a slot elsewhere is idle, and goes there", () => {
  const { bench, waiting } = crowded();
  bench.worker(2);
  expect(bench.sent(1)).toEqual([{ op: "give-back", task: waiting.task, attempt: 1 }]);
  bench.nothingElse();
  bench.answer(1, { op: "cancelled", task: waiting.task, attempt: 1 });
  expect(bench.assigned(2)).toMatchObject([{ task: waiting.task, attempt: 2 }]);
  bench.nothingElse();
});

test("a task that has begun is kept, and not asked for again", () => {
  const { bench, running, waiting } = crowded();
  bench.worker(2);
  bench.sent(1);
  bench.done(1, running);
  bench.answer(1, { op: "kept", task: waiting.task, attempt: 1 });
  bench.done(1, waiting);
  expect(bench.told().map((message) => message.op)).toEqual(["finished", "finished"]);
  expect(bench.sent(1)).toEqual([]);
  bench.nothingElse();
});

test("a result that was on its way when the task was asked back counts", () => {
  const { bench, running, waiting } = crowded();
  bench.worker(2);
  bench.sent(1);
  bench.done(1, running);
  bench.done(1, waiting);
  expect(bench.told().map((message) => message.op)).toEqual(["finished", "finished"]);
  bench.nothingElse();
});

test("no more is asked back than there are idle slots, and nothing twice", () => {
  const bench = new Bench().client().worker(1, { slots: 40 });
  bench.submit(Array.from({ length: 44 }, (_, i) => spec(i + 1)));
  expect(bench.assigned(1)).toHaveLength(44);
  bench.told();
  bench.worker(2, { slots: 3 });
  expect(bench.sent(1).map((message) => message.op)).toEqual(["give-back", "give-back", "give-back"]);
  bench.event({ kind: "wake" });
  bench.nothingElse();
});

test("what may run nowhere else stays", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1), spec(2)], { requests: [{ ...plain, workers: ["w1"] }] });
  expect(bench.assigned(1)).toHaveLength(2);
  bench.told();
  bench.worker(2);
  bench.nothingElse();
});

test("what would take longer to fetch than to wait for stays", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  const [{ task }] = bench.assigned(1) as [Assignment];
  // Half a gigabyte takes ten times as long to move as the half second that a task is taken to last.
  bench.answer(1, { op: "done", task, attempt: 1, bytes: 500_000_000, startMs: 0, endMs: 500 });
  bench.submit([spec(2, [1]), spec(3, [1])]);
  expect(bench.assigned(1)).toHaveLength(2);
  bench.told();
  bench.worker(2);
  bench.nothingElse();
});
