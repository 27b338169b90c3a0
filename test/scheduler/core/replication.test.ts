import { expect, test } from "vitest";
import { futureId, type TaskId } from "../../../protocol/ids.ts";
import { Bench, plain, spec } from "./bench.ts";

/** Results of these sizes, made on worker 1. */
function withResults(...sizes: number[]): { bench: Bench; ids: TaskId[] } {
  const bench = new Bench().client().worker(1, { slots: sizes.length });
  bench.submit(
    sizes.map((_, i) => spec(i + 1)),
    { requests: [{ ...plain, workers: ["w1"] }] },
  );
  const ids = bench.assigned(1).map((assignment, i) => {
    const { task, attempt } = assignment;
    bench.answer(1, { op: "done", task, attempt, bytes: sizes[i] ?? 0, startMs: 0, endMs: 1000 });
    return task;
  });
  bench.told();
  return { bench, ids };
}

const input = (task: TaskId | undefined, bytes: number, ...names: string[]) => ({
  task,
  bytes,
  addresses: names.map((name) => `ws://${name}:1`),
});

test("copies are asked for until as many workers hold the result, or all there are", () => {
  const { bench, ids } = withResults(8);
  bench.worker(2).worker(3);
  bench.say({ op: "copy", request: 4, futures: [futureId(1)], copies: 9 });
  expect(bench.sent(2)).toEqual([{ op: "replicate", inputs: [input(ids[0], 8, "w1")] }]);
  expect(bench.sent(3)).toEqual([{ op: "replicate", inputs: [input(ids[0], 8, "w1")] }]);
  bench.answer(2, { op: "stored", task: ids[0] as TaskId, bytes: 8 });
  expect(bench.told()).toEqual([]);
  bench.answer(3, { op: "stored", task: ids[0] as TaskId, bytes: 8 });
  expect(bench.told()).toEqual([{ op: "reply", request: 4, value: null }]);
  // The result now outlives any two of its three holders, and the client hears where it is left.
  bench.lose(1);
  bench.lose(2);
  expect(bench.told()).toMatchObject([
    { op: "finished", future: 1, addresses: ["ws://w2:1", "ws://w3:1"] },
    { op: "finished", future: 1, addresses: ["ws://w3:1"] },
  ]);
});

test("a copy that a lost worker was to take goes to another", () => {
  const { bench, ids } = withResults(8);
  bench.worker(2);
  bench.say({ op: "copy", request: 4, futures: [futureId(1)], copies: 2 });
  bench.sent(2);
  bench.worker(3);
  bench.lose(2);
  expect(bench.sent(3)).toEqual([{ op: "replicate", inputs: [input(ids[0], 8, "w1")] }]);
});

test("a result that is released while it is copied drops out of the order, and its copy is thrown away", () => {
  const { bench, ids } = withResults(8);
  bench.worker(2);
  bench.say({ op: "copy", request: 4, futures: [futureId(1)], copies: 2 });
  bench.sent(2);
  bench.say({ op: "release", futures: [futureId(1)] });
  expect(bench.sent(1)).toEqual([{ op: "free", tasks: ids }]);
  expect(bench.told()).toEqual([{ op: "reply", request: 4, value: null }]);
  bench.answer(2, { op: "stored", task: ids[0] as TaskId, bytes: 8 });
  expect(bench.sent(2)).toEqual([{ op: "free", tasks: ids }]);
});

test("rebalance moves the largest results that fit, and frees each only once its copy has come", () => {
  const { bench, ids } = withResults(60, 30, 10);
  bench.worker(2);
  bench.say({ op: "rebalance", request: 5 });
  expect(bench.sent(2)).toEqual([{ op: "replicate", inputs: [input(ids[0], 60, "w1")] }]);
  expect(bench.sent(1)).toEqual([]);
  bench.answer(2, { op: "stored", task: ids[0] as TaskId, bytes: 60 });
  expect(bench.sent(1)).toEqual([{ op: "free", tasks: [ids[0]] }]);
  expect(bench.told()).toEqual([{ op: "reply", request: 5, value: null }]);
  bench.say({ op: "rebalance", request: 6 });
  expect(bench.told()).toEqual([{ op: "reply", request: 6, value: null }]);
  bench.nothingElse();
});

test("a copy of a result that vanished on its way is asked for again once the result is there again", () => {
  const { bench, ids } = withResults(8);
  bench.worker(2);
  bench.say({ op: "copy", request: 4, futures: [futureId(1)], copies: 2 });
  bench.sent(2);
  bench.answer(1, { op: "dropped", task: ids[0] as TaskId });
  const [again] = bench.assigned(1);
  bench.answer(1, { op: "done", task: ids[0] as TaskId, attempt: again?.attempt ?? 0, bytes: 8, startMs: 0, endMs: 1 });
  expect(bench.sent(2)).toEqual([{ op: "replicate", inputs: [input(ids[0], 8, "w1")] }]);
});
