import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, expect, expectTypeOf, test } from "vitest";
import type { Client } from "../../client/client.ts";
import type { Future } from "../../client/future.ts";
import { Graph, type GraphNode } from "../../client/graph.ts";
import { type Task, task } from "../../client/task.ts";
import { decodeValue } from "../../protocol/value.ts";
import { eventually } from "../eventually.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { shifted } from "./modules/sums.ts";

let cluster: FakeCluster;
let client: Client;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = await cluster.connect();
});

afterEach(async () => {
  await client.close();
  await cluster.stop();
});

const sum = (xs: readonly number[]): number => xs.reduce((total, x) => total + x, 0);

test("only what the targets need is sent, once, and only the targets are kept", async () => {
  const graph = new Graph();
  const a = graph.add(shifted, [1]);
  const b = graph.add(sum, [[a, a, 5]], { key: "total", retries: 2 });
  graph.add(sum, [[b]]);
  expectTypeOf(b).toEqualTypeOf<GraphNode<number>>();
  const total = client.compute(b, { priority: 7, run: "r" });
  expectTypeOf(total).toEqualTypeOf<Future<number>>();
  const { tasks, requests, run } = await cluster.accept();
  expect(run).toBe("r");
  expect(tasks.map(({ wanted, deps, key }) => ({ wanted, deps: deps.length, key }))).toEqual([
    { wanted: false, deps: 0, key: undefined },
    { wanted: true, deps: 1, key: "total" },
  ]);
  expect(decodeValue(tasks[1]?.args ?? [], [9])).toEqual([[9, 9, 5]]);
  expect(tasks.map(({ request }) => requests[request])).toEqual([
    expect.objectContaining({ priority: 7, retries: 0 }),
    expect.objectContaining({ priority: 7, retries: 2 }),
  ]);
  expect(total.key).toBe("total");
});

test("several targets give several futures; a future may be an argument", async () => {
  const given = client.submit(shifted, [1]);
  const graph = new Graph();
  const a = graph.add(shifted, [given]);
  const b = graph.add((x: number) => String(x), [a]);
  const futures = client.compute([a, b, a]);
  expectTypeOf(futures).toEqualTypeOf<[Future<number>, Future<string>, Future<number>]>();
  const { tasks } = await cluster.accept();
  expect(tasks.map(({ deps }) => deps)).toEqual([[], [tasks[0]?.future], [tasks[1]?.future]]);
  expect(futures[2]).toBe(futures[0]);
  cluster.finish({ future: tasks[1]?.future ?? (0 as never) }, 4);
  cluster.finish({ future: tasks[2]?.future ?? (0 as never) }, "four");
  expect(await client.gather(futures)).toEqual([4, "four", 4]);
});

test("a graph deeper than any call stack", async () => {
  const graph = new Graph();
  let node = graph.add(shifted, [0]);
  for (let depth = 1; depth < 20_000; depth++) node = graph.add(shifted, [node]);
  client.compute(node);
  const { tasks } = await cluster.accept();
  expect(tasks.length).toBe(20_000);
  expect(tasks.filter(({ wanted }) => wanted).length).toBe(1);
});

test("nodes of other graphs, and what is no node, are refused", () => {
  const node = new Graph().add(shifted, [1]);
  expect(() => new Graph().add(sum, [[node]])).toThrow(
    expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("node of another graph") }),
  );
  expect(() => client.compute({} as never)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  expect(() => new Graph().add(shifted, [1], { retry: 3 } as never)).toThrow(/retry is unknown/);
  expect(() => client.compute(node, { key: "x" } as never)).toThrow(/key is unknown/);
  expect(() => new Graph().add(shifted, [(() => 1) as never])).toThrow(
    expect.objectContaining({ code: "UNSENDABLE_VALUE", message: expect.stringContaining("args[0]") }),
  );
});

test("a node is not an argument of submit", async () => {
  const node = new Graph().add(shifted, [1]);
  await expect(client.submit(shifted, [node as never])).rejects.toMatchObject({
    code: "BAD_OPTION",
    message: expect.stringContaining("client.compute(node)"),
  });
});

test("why a graph could not be sent is not kept once nobody can ask for it", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const refusal = async (): Promise<WeakRef<Error>> => {
    const graph = new Graph();
    const [twice] = [1, 2].map(() => task("twice", (x: number) => x)) as [Task<[number], number>];
    const future = client.compute(graph.add(shifted, [graph.add(twice, [1])]));
    const error = (await future.exception()) as Error;
    expect(error).toMatchObject({ code: "DUPLICATE_TASK" });
    future.release();
    return new WeakRef(error);
  };
  const error = await refusal();
  client.submit(shifted, [1]);
  await cluster.next("submit");
  await eventually("the error to be collected", () => {
    collect();
    return error.deref() === undefined;
  });
});
