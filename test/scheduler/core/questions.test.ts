import { expect, test } from "vitest";
import type { ClusterInfo } from "../../../protocol/cluster-info.ts";
import type { TaskPage } from "../../../protocol/cluster-view.ts";
import { fnId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const page = { kind: "tasks", after: 0, limit: 100 } as const;
const keysOf = (tasks: readonly { readonly key: string }[]): string[] => tasks.map(({ key }) => key);

/** A client with two functions: "inc" is 1, "sum" is 2. */
function busyBench(): Bench {
  const bench = new Bench().client().worker(1, { slots: 2 });
  bench.say({ op: "define-fn", fn: fnId(2), ref: { bundle: "b", name: "sum", entry: "call" } });
  bench.submit([spec(1), spec(2), spec(3), spec(4, [1, 2, 3], { fn: fnId(2) })], { run: "flow" });
  return bench;
}

test("info is the same as a client's, and counts what nobody can run apart", () => {
  const bench = busyBench();
  bench.submit([spec(9)], { run: "picky", prefix: "q", requests: [{ ...plain, resources: { GPU: 1 } }] });
  bench.told();
  bench.say({ op: "info", request: 1 });
  const [told] = bench.told() as { value: ClusterInfo }[];
  expect(bench.ask({ kind: "info" })).toEqual(told?.value);
  expect(told?.value.tasks).toEqual({
    waiting: 1,
    queued: 0,
    "no-worker": 1,
    processing: 3,
    memory: 0,
    erred: 0,
    released: 0,
  });
  expect(told?.value.runs).toEqual([
    { run: "flow", waiting: 1, running: 3, finished: 0, failed: 0 },
    { run: "picky", waiting: 1, running: 0, finished: 0, failed: 0 },
  ]);
});

test("groups count by run and name, also what was forgotten", () => {
  const bench = busyBench();
  for (const assignment of bench.assigned(1, "define-fn")) bench.done(1, assignment, 500);
  const inc = { run: "flow", name: "inc", total: 3, finished: 3, failed: 0, computeMs: 1500 };
  const none = { waiting: 0, queued: 0, processing: 0, memory: 0, erred: 0, released: 0 };
  expect(bench.ask({ kind: "groups", run: "flow" })).toEqual({
    items: [
      { ...inc, ...none, memory: 3 },
      { run: "flow", name: "sum", total: 1, finished: 0, failed: 0, computeMs: 0, ...none, processing: 1 },
    ],
    leftOut: 0,
  });
  // Nobody wants the three any more, but their record is kept for the sum, until that is done and forgotten, too.
  bench.say({ op: "release", futures: [1, 2, 3] as never });
  const [sum] = bench.assigned(1, "free", "define-fn");
  bench.done(1, sum as Assignment);
  const { items } = bench.ask({ kind: "groups", run: undefined }) ?? { items: [] };
  expect(items[0]).toEqual({ ...inc, ...none, released: 3 });
  expect(bench.ask({ kind: "groups", run: "nobody's" })).toBeNull();
});

test("the graph has an edge for each pair of groups, with the number of results", () => {
  const bench = busyBench();
  const graph = bench.ask({ kind: "graph", run: "flow" });
  expect(graph?.nodes.map(({ name }) => name)).toEqual(["inc", "sum"]);
  expect(graph?.edges).toEqual([{ from: 0, to: 1, results: 3 }]);
  expect(bench.ask({ kind: "graph", run: "nobody's" })).toBeNull();
});

test("tasks are found by run, state, name and a part of the key", () => {
  const bench = busyBench();
  bench.submit([spec(20)], { run: "other", prefix: "z" });
  expect(keysOf(bench.ask({ ...page, run: "other" }).tasks)).toEqual(["inc-20-z"]);
  expect(keysOf(bench.ask({ ...page, name: "sum" }).tasks)).toEqual(["sum-4-p"]);
  expect(keysOf(bench.ask({ ...page, state: "waiting" }).tasks)).toEqual(["sum-4-p"]);
  expect(keysOf(bench.ask({ ...page, key: "c-2" }).tasks)).toEqual(["inc-2-p", "inc-20-z"]);
  expect(bench.ask({ ...page, run: "nobody's" })).toEqual({ tasks: [], next: null });
  const [first] = bench.assigned(1, "define-fn");
  bench.answer(1, { op: "started", task: first?.task as never, attempt: 1 });
  const processing = bench.ask({ ...page, state: "processing" }).tasks;
  expect(processing.map(({ key, worker, running }) => ({ key, worker, running }))).toEqual([
    { key: "inc-1-p", worker: "w1", running: true },
    { key: "inc-2-p", worker: "w1", running: false },
    { key: "inc-3-p", worker: "w1", running: false },
  ]);
});

test("pages follow one another without a gap, and none looks at more than its part of the tasks", () => {
  const bench = new Bench().client();
  const count = 45_000;
  bench.submit(
    Array.from({ length: count }, (_, i) => spec(i + 1)),
    { run: "wide" },
  );
  // One at the far end, behind more tasks than a page may look at.
  bench.submit([spec(50_000)], { run: "late", prefix: "l" });
  const asked: number[] = [];
  const found: string[] = [];
  for (let after: number | null = 0; after !== null; ) {
    asked.push(after);
    const got: TaskPage = bench.ask({ ...page, run: "late", after });
    found.push(...keysOf(got.tasks));
    after = got.next;
  }
  expect(found).toEqual(["inc-50000-l"]);
  expect(asked).toEqual([0, 20_000, 40_000]);

  const all: number[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const got: TaskPage = bench.ask({ ...page, limit: 15_000, after });
    all.push(...got.tasks.map(({ task }) => task));
    after = got.next;
  }
  expect(all).toEqual(Array.from({ length: count + 1 }, (_, i) => i + 1));
});

test("a task is told with its explanation, neighbours and story", () => {
  const bench = busyBench();
  bench.nowMs = 40;
  const task = bench.ask({ kind: "task", key: "inc-1-p" });
  expect(task).toMatchObject({ key: "inc-1-p", state: "processing", worker: "w1", running: false, sinceAgoMs: 40 });
  expect(task?.explanation.reasons[0]?.code).toBe("not-started");
  expect(keysOf(task?.dependents.items ?? [])).toEqual(["sum-4-p"]);
  expect(task?.story).toEqual([
    { agoMs: 40, what: "waiting" },
    { agoMs: 40, what: "queued" },
    { agoMs: 40, what: "sent to a worker, attempt 1" },
  ]);
  expect(keysOf(bench.ask({ kind: "task", key: "sum-4-p" })?.inputs.items ?? [])).toHaveLength(3);
  expect(bench.ask({ kind: "task", key: "nobody's" })).toBeNull();
});

test("a worker is told with what it was sent, what runs first", () => {
  const bench = busyBench();
  const second = bench.assigned(1, "define-fn")[1] as Assignment;
  bench.answer(1, { op: "started", task: second.task, attempt: 1 });
  bench.nowMs = 100;
  const worker = bench.ask({ kind: "worker", name: "w1" });
  expect(keysOf(worker?.tasks.items ?? [])).toEqual(["inc-2-p", "inc-1-p", "inc-3-p"]);
  expect(worker).toMatchObject({ name: "w1", running: 1, assigned: 3, lastHeardAgoMs: 100 });
  expect(bench.ask({ kind: "worker", name: "w2" })).toBeNull();
});

test("a run that is cancelled here ends as if a client had cancelled it", () => {
  const bench = busyBench();
  bench.assigned(1, "define-fn");
  bench.told();
  expect(bench.ask({ kind: "cancel-run", run: "flow", reason: "enough" })).toEqual({ tasks: 4 });
  expect(bench.told().map(({ op }) => op)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled"]);
  expect(bench.sent(1).map(({ op }) => op)).toEqual(["cancel", "cancel", "cancel"]);
  expect(bench.ask({ kind: "cancel-run", run: "nobody's", reason: "" })).toBeNull();
});

test("a share that is set here holds when clients come and go, until somebody says otherwise", () => {
  const bench = new Bench().client(1).client(2).worker(1, { slots: 4 });
  bench.submit([1, 2, 3, 4].map((future) => spec(future)));
  expect(bench.assigned(1)).toHaveLength(4);
  bench.say({ op: "share-run", request: 1, run: "r", weight: 2, slotsMax: 1 }, 2);
  expect(bench.ask({ kind: "share-run", run: "r", weight: 5, slotsMax: 2 })).toMatchObject({
    run: "r",
    weight: 5,
    slotsMax: 2,
    assigned: 4,
    share: 1,
  });
  bench.event({ kind: "client-lost", client: 2 as never });
  expect(bench.ask({ kind: "runs" }).items).toMatchObject([{ run: "r", weight: 5, slotsMax: 2, tasks: 4 }]);
  bench.say({ op: "share-run", request: 2, run: "r", weight: 1, slotsMax: 0 });
  expect(bench.ask({ kind: "runs" }).items).toMatchObject([{ run: "r", weight: 1, slotsMax: null }]);
  expect(bench.ask({ kind: "share-run", run: "nobody's", weight: 1, slotsMax: 0 })).toBeNull();
});
