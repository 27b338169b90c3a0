import { expect, test } from "vitest";
import { workerId } from "../../../protocol/ids.ts";
import type { Assignment, Inventory } from "../../../protocol/messages.ts";
import { Bench, registration, spec } from "./bench.ts";

/** A worker with one slot that said of both of its tasks that they began. */
function bothStarted(bench: Bench = new Bench()): { bench: Bench; first: Assignment; second: Assignment } {
  bench.client().worker(1, { instance: "i1" });
  bench.submit([spec(1), spec(2)]);
  const [first, second] = bench.assigned(1) as [Assignment, Assignment];
  for (const { task, attempt } of [first, second]) bench.answer(1, { op: "started", task, attempt });
  bench.told();
  return { bench, first, second };
}

const unstarted = ({ task, attempt }: Assignment) => ({ op: "unstarted", task, attempt }) as const;

test("a task that its worker took back from a slot is asked for where a slot is idle", () => {
  const { bench, second } = bothStarted();
  bench.worker(2);
  bench.nothingElse();
  bench.answer(1, unstarted(second));
  expect(bench.sent(1)).toEqual([{ op: "give-back", task: second.task, attempt: 1 }]);
  bench.answer(1, { op: "cancelled", task: second.task, attempt: 1 });
  expect(bench.assigned(2)).toMatchObject([{ task: second.task, attempt: 2 }]);
  bench.nothingElse();
});

test.each(["paused", "retiring"] as const)(
  "a task that a worker takes back when it is %s goes to another",
  (status) => {
    const { bench, second } = bothStarted();
    bench.worker(2);
    bench.answer(1, { op: "status", status });
    bench.nothingElse();
    bench.answer(1, unstarted(second));
    expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: second.task, attempt: 1, force: false }]);
    expect(bench.assigned(2)).toMatchObject([{ task: second.task, attempt: 2 }]);
    bench.nothingElse();
  },
);

test("a task that a worker takes back after it was paused stays there, since the worker begins it itself", () => {
  const { bench, second } = bothStarted();
  bench.answer(1, { op: "status", status: "paused" });
  bench.answer(1, { op: "status", status: "running" });
  bench.answer(1, unstarted(second));
  bench.nothingElse();
});

test("one that is only to hand over its results begins again itself what it took back", () => {
  const { bench, second } = bothStarted();
  bench.worker(2, { slots: 1 });
  bench.say({ op: "retire-workers", request: 1, names: ["w1"], idleOnly: false });
  bench.answer(1, unstarted(second));
  expect(bench.sent(1)).toMatchObject([{ op: "give-back", task: second.task }]);
  bench.answer(1, { op: "started", task: second.task, attempt: 1 });
  bench.answer(1, { op: "kept", task: second.task, attempt: 1 });
  bench.nothingElse();
});

test("a word of it that was lost with the connection is made up for by the inventory", () => {
  const { bench, first, second } = bothStarted();
  bench.worker(2);
  bench.cut(1);
  bench.again(1, 3);
  bench.sent(3);
  const attempts: Inventory["attempts"] = [
    { task: first.task, attempt: 1, started: true },
    { task: second.task, attempt: 1, started: false },
  ];
  bench.answer(3, { op: "inventory", held: [], attempts, runs: [], status: "running" });
  expect(bench.sent(3)).toEqual([{ op: "give-back", task: second.task, attempt: 1 }]);
});

test("only what had begun is suspected of the death of its worker; whatever may have begun shares no slot from then on", () => {
  const { bench, second } = bothStarted(new Bench({ allowedWorkerLosses: 1 }));
  bench.answer(1, unstarted(second));
  const successor = registration("w1", { instance: "i2", slots: 2 });
  bench.event({ kind: "worker-connected", worker: workerId(2), registration: successor });
  const again = bench.assigned(2);
  expect(again).toMatchObject([{ alone: true }, { alone: true }]);
  for (const { task, attempt } of again) bench.answer(2, { op: "started", task, attempt });
  bench.told();
  bench.event({ kind: "worker-connected", worker: workerId(3), registration: { ...successor, instance: "i3" } });
  expect(bench.told()).toMatchObject([{ op: "failed", future: 1, error: { code: "WORKER_LOST" } }]);
  expect(bench.assigned(3)).toMatchObject([{ task: second.task, alone: true }]);
});

test("where no worker may die under a task, none ever shares a slot", () => {
  const { first, second } = bothStarted(new Bench({ allowedWorkerLosses: 0 }));
  expect([first.alone, second.alone]).toEqual([true, true]);
});
