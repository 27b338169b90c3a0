import { expect, test } from "vitest";
import { fnId, taskId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const keys = (assignments: readonly Assignment[]): string[] => assignments.map((assignment) => assignment.key);
const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;

test("tasks of unknown duration go to free slots evenly, then at most a tenth ahead; the rest wait", () => {
  const bench = new Bench().client().worker(1, { slots: 2 }).worker(2, { slots: 2 });
  bench.submit(Array.from({ length: 10 }, (_, i) => spec(i + 1)));
  expect(keys(bench.assigned(1))).toEqual(["inc-1-p", "inc-3-p", "inc-5-p"]);
  expect(keys(bench.assigned(2))).toEqual(["inc-2-p", "inc-4-p", "inc-6-p"]);
  expect(bench.told()).toEqual([{ op: "accepted", submission: 1 }]);
  bench.nothingElse();
});

test("short tasks are sent ahead in numbers once their duration is known", () => {
  const bench = new Bench().client().worker(1);
  bench.submit(Array.from({ length: 100 }, (_, i) => spec(i + 1)));
  const started = bench.assigned(1);
  expect(started).toHaveLength(2);
  bench.done(1, first(started), 0.25);
  // 5 ms ahead is twenty tasks of a quarter of a millisecond, besides the one in the slot; one was there already.
  expect(bench.assigned(1)).toHaveLength(20);
});

test("a task goes where its input lies, and its input is freed once it is done", () => {
  const bench = new Bench().client().worker(1).worker(2);
  bench.submit([spec(1, [], { wanted: false }), spec(2, [1])]);
  const input = first(bench.assigned(1));
  bench.told();
  bench.done(1, input);
  const [assignment] = bench.assigned(1);
  expect(assignment?.inputs).toEqual([{ task: input.task, bytes: 8, addresses: ["ws://w1:1"] }]);
  bench.done(1, assignment as Assignment);
  expect(bench.sent(1)).toEqual([{ op: "free", tasks: [input.task] }]);
  expect(bench.told()).toEqual([
    { op: "finished", future: 2, task: assignment?.task, bytes: 8, addresses: ["ws://w1:1"] },
  ]);
  bench.nothingElse();
});

test("an idle worker takes what waits for a busy one when fetching is quicker than waiting", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  bench.done(1, first(bench.assigned(1)));
  bench.submit(Array.from({ length: 4 }, (_, i) => spec(i + 2, [1])));
  expect(bench.assigned(1)).toHaveLength(2);
  bench.worker(2);
  expect(bench.assigned(2)).toHaveLength(1);
});

test("branches are finished before new ones are begun", () => {
  const bench = new Bench().client().worker(1);
  const chains = [1, 11, 21].flatMap((start) =>
    Array.from({ length: 3 }, (_, i) => spec(start + i, i === 0 ? [] : [start + i - 1], { wanted: false })),
  );
  bench.submit([...chains, spec(99, [3, 13, 23])]);
  const order: string[] = [];
  const waiting = bench.assigned(1);
  let aliveMost = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    order.push(next.key);
    bench.done(1, next);
    waiting.push(...bench.assigned(1, "free"));
    waiting.sort((a, b) => (a.priority[2] ?? 0) - (b.priority[2] ?? 0));
    aliveMost = Math.max(aliveMost, waiting.length);
  }
  expect(order.at(-1)).toBe("inc-99-p");
  expect(order.slice(0, 3)).toEqual(["inc-1-p", "inc-2-p", "inc-3-p"]);
  expect(aliveMost).toBeLessThanOrEqual(2);
});

test("resources are never given out twice, not even while a cancelled task still holds them", () => {
  const bench = new Bench().client().worker(1, { slots: 4, resources: { GPU: 1 } });
  const requests = [{ ...plain, resources: { GPU: 1 } }];
  bench.submit([spec(1), spec(2)], { requests });
  const running = first(bench.assigned(1));
  bench.say({ op: "cancel", request: 1, futures: [spec(1).future], force: true, reason: "" });
  expect(bench.assigned(1, "cancel")).toEqual([]);
  bench.answer(1, { op: "cancelled", task: running.task, attempt: running.attempt });
  expect(keys(bench.assigned(1))).toEqual(["inc-2-p"]);
});

test("a task that no worker may run waits without an error, and goes to the first that may", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)], { requests: [{ ...plain, workers: ["w2"] }] });
  bench.say({ op: "info", request: 7 });
  const info = bench.told().find((message) => message.op === "reply");
  expect(info).toMatchObject({ value: { tasks: { "no-worker": 1 } } });
  bench.worker(2);
  expect(keys(bench.assigned(2))).toEqual(["inc-1-p"]);
  expect(bench.sent(1)).toEqual([]);
});

test("with allowOtherWorkers a wish gives way when none of the wished for is there", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)], { requests: [{ ...plain, workers: ["w2"], allowOtherWorkers: true }] });
  expect(keys(bench.assigned(1))).toEqual(["inc-1-p"]);
});

test("the run that was served least is served next", () => {
  const bench = new Bench().client().worker(1);
  bench.submit(
    Array.from({ length: 50 }, (_, i) => spec(i + 1)),
    { run: "big" },
  );
  const [a] = bench.assigned(1);
  bench.submit([spec(100)], { run: "small", prefix: "s" });
  bench.done(1, a as Assignment);
  expect(keys(bench.assigned(1))).toEqual(["inc-100-s"]);
});

test("a function is defined once on each worker, before its first use", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1)]);
  expect(bench.sent(1).map((message) => message.op)).toEqual(["define-fn", "compute"]);
  bench.done(1, { task: taskId(1), attempt: 1 } as Assignment);
  bench.submit([spec(2)]);
  expect(bench.sent(1).map((message) => message.op)).toEqual(["compute"]);
  expect(fnId(1)).toBe(1);
});
