import { expect, test } from "vitest";
import type { Future } from "../../client/future.ts";
import { FutureTable } from "../../client/future-table.ts";
import { Graph, GraphNode } from "../../client/graph.ts";
import { GraphPlanner } from "../../client/graph-plan.ts";
import { GraphTasks } from "../../client/graph-tasks.ts";
import type { PendingTask } from "../../client/pending-task.ts";
import { type PartLimits, type SubmissionPart, SubmissionParts } from "../../client/submission-parts.ts";
import type { SubmitOptions } from "../../client/submit-options.ts";
import { fnId, futureId } from "../../protocol/ids.ts";

const request = { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 };
const text = "x".repeat(200);
const length = (...args: readonly unknown[]): number => args.length;

function pending(future: number, deps: readonly number[], more: Partial<PendingTask> = {}): PendingTask {
  return {
    future: futureId(future),
    fn: length,
    args: [new Uint8Array(1000)],
    deps: deps.map(futureId),
    request,
    key: undefined,
    wanted: true,
    run: "r",
    refusal: undefined,
    holds: [],
    ...more,
  };
}

/** A graph of which these nodes are wanted, to be sent. */
function tasksOf(targets: readonly GraphNode<unknown>[], options?: SubmitOptions): GraphTasks {
  const futures = new FutureTable({} as never);
  const refuse = (future: Future<unknown>): never => {
    throw new Error(`no future ${future.key} stands in these graphs`);
  };
  return new GraphTasks(new GraphPlanner(options, "r", "p").plan(targets.map(GraphNode.specOf), futures, refuse));
}

function partsOf(submitted: readonly (PendingTask | GraphTasks)[], limits?: PartLimits): SubmissionPart[] {
  const parts = new SubmissionParts(submitted, limits);
  const list: SubmissionPart[] = [];
  while (!parts.ended) list.push(parts.next(() => fnId(1)));
  return list;
}

const futuresOf = (parts: readonly SubmissionPart[]): number[][] =>
  parts.map(({ tasks }) => tasks.map(({ future }) => future));

test("what is too much for one submission is sent in several, and inputs are kept until all were sent", () => {
  const graph = new Graph();
  const a = graph.add(length, [text]);
  const b = graph.add(length, [text, a]);
  const c = graph.add(length, [text, a, b]);
  const d = graph.add(length, [text, c]);
  const parts = partsOf([tasksOf([c, d])], { tasksMax: 10, bytesMax: 500 });
  expect(futuresOf(parts)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(parts.flatMap((part) => part.tasks.map(({ wanted }) => wanted))).toEqual([true, true, true, true]);
  expect(parts.map(({ released }) => released)).toEqual([[], [1, 2]]);
  const [whole, ...more] = partsOf([tasksOf([c, d])]);
  expect(more).toEqual([]);
  expect(whole?.released).toEqual([]);
  expect(whole?.tasks.map(({ wanted }) => wanted)).toEqual([false, false, true, true]);
});

test("what was kept is released with the last that needs it, unless it is wanted anyway", () => {
  const graph = new Graph();
  const chain = [graph.add(length, [0])];
  for (let index = 1; index < 6; index++) chain.push(graph.add(length, [chain[index - 1]]));
  const last = graph.add(length, [chain[0], chain[1], chain[5]]);
  const parts = partsOf([tasksOf([chain[1] as GraphNode<number>, last])], { tasksMax: 2, bytesMax: 2 ** 20 });
  expect(futuresOf(parts)).toEqual([[1, 2], [3, 4], [5, 6], [7]]);
  expect(parts.map(({ tasks }) => tasks.map(({ wanted }) => wanted))).toEqual([
    [true, true],
    [false, true],
    [false, true],
    [true],
  ]);
  expect(parts.map(({ released }) => released)).toEqual([[], [], [4], [1, 6]]);
});

test("no more tasks go into one submission than it may have", () => {
  const parts = partsOf(
    Array.from({ length: 7 }, (_, index) => pending(index + 1, [])),
    { tasksMax: 3, bytesMax: 2 ** 20 },
  );
  expect(futuresOf(parts)).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
});

test("what is not admitted is left out", () => {
  const parts = new SubmissionParts([pending(1, []), pending(2, []), pending(3, [])]);
  const part = parts.next(({ future }) => (future === 2 ? undefined : fnId(1)));
  expect(futuresOf([part])).toEqual([[1, 3]]);
  expect(parts.ended).toBe(true);
});

test("a change of run begins a new submission, so that inputs still come first", () => {
  const parts = partsOf([pending(1, []), pending(2, [1], { run: "s" }), pending(3, [2])]);
  expect(parts.map(({ run }) => run)).toEqual(["r", "s", "r"]);
  expect(futuresOf(parts)).toEqual([[1], [2], [3]]);
});

test("requests that are equal are stated once, also when they are not the same object", () => {
  const [part] = partsOf([
    pending(1, []),
    pending(2, [], { request: { ...request } }),
    pending(3, [], { request: { ...request, retries: 1 } }),
  ]);
  expect(part?.requests).toEqual([request, { ...request, retries: 1 }]);
  expect(part?.tasks.map((task) => task.request)).toEqual([0, 0, 1]);
});

test("options of the computation are those of every node, unless it has its own", () => {
  const graph = new Graph();
  const a = graph.add(length, [1]);
  const b = graph.add(length, [a], { retries: 2, run: "s" });
  const parts = partsOf([tasksOf([graph.add(length, [a, b])], { priority: 5, retries: 1 })]);
  expect(parts.map(({ run, requests }) => [run, requests])).toEqual([
    ["r", [{ ...request, priority: 5, retries: 1 }]],
    ["s", [{ ...request, priority: 5, retries: 2 }]],
    ["r", [{ ...request, priority: 5, retries: 1 }]],
  ]);
});
