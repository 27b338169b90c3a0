import { afterAll, beforeAll, expect, test } from "vitest";
import { Client } from "../../client/client.ts";
import { asCompleted } from "../../client/completion.ts";
import { Graph } from "../../client/graph.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import { eventually } from "../eventually.ts";
import { boom, shifted, tripled } from "./modules/sums.ts";

// One cluster of real processes for all: what matters here is that the client's parts and the cluster's fit together.

let cluster: LocalCluster;
let client: Client;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  client = await Client.connect(cluster);
});

afterAll(async () => {
  await client?.close();
  await cluster?.close();
});

test("tasks, inline functions, and futures inside arguments", async () => {
  const six = client.submit((n: number) => n * 2, [3]);
  const eighteen = client.submit(tripled, [{ x: six }]);
  expect(await client.submit(shifted, [eighteen])).toBe(28);
  expect(await client.gather(client.map(shifted, [1, 2, six]))).toEqual([11, 12, 16]);
});

test("an error has the user's own file and line, on this machine", async () => {
  const error = await client.submit(boom, ["dear me"]).exception();
  expect(error).toMatchObject({ code: "TASK_FAILED", name: "TaskError" });
  expect(error?.message).toMatch(/boom-.*dear me/);
  const cause = error?.cause as Error;
  expect(cause).toMatchObject({ name: "TypeError", message: "dear me" });
  expect(cause.stack).toMatch(/\/test\/client\/modules\/sums\.ts:12:\d+/);
  expect(cause.stack).not.toContain("muster://");
});

test("a graph, with all but its targets forgotten", async () => {
  const graph = new Graph();
  const leaves = Array.from({ length: 50 }, (_, index) => graph.add(shifted, [index]));
  const total = graph.add((xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0), [leaves]);
  expect(await client.compute(total)).toBe(50 * 10 + (49 * 50) / 2);
});

test("scattered values lie where they were put", async () => {
  const everywhere = await client.scatter([{ x: 5 }], { broadcast: true });
  const holders = await client.whoHas(everywhere);
  expect([...holders.values()].map((addresses) => addresses.length)).toEqual([2]);
  expect(await client.submit(tripled, [everywhere[0] as (typeof everywhere)[number]])).toBe(15);
  const names = (await client.info()).workers.map(({ name }) => name);
  const pids = await client.runOnWorkers((add: number) => process.pid + add, [0]);
  expect([...pids.keys()].sort()).toEqual(names.sort());
  expect(new Set(pids.values()).size).toBe(2);
  await expect(client.runOnWorkers(boom, ["no"])).rejects.toMatchObject({
    message: expect.stringMatching(/on worker ".+": .*no/),
  });
});

test("running code is cancelled, with what depends on it, and its slot is free again", async () => {
  const spin = (step: number): number => {
    let steps = 0;
    while (steps >= 0) steps += step;
    return steps;
  };
  const spinning = client.map(spin, [1, 2]);
  const dependent = client.submit((xs: readonly number[]) => xs.length, [spinning]);
  await eventually("both to run", async () => {
    const { workers } = await client.info();
    return workers.every(({ running }) => running === 1);
  });
  await client.cancel(spinning, { reason: "enough" });
  expect([...spinning, dependent].map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
  await expect(dependent).rejects.toMatchObject({ code: "CANCELLED", message: expect.stringContaining("enough") });
  expect(await client.submit(shifted, [1]).result({ timeoutMs: 30_000 })).toBe(11);
});

test("ten thousand small tasks, in the order of their ends", async () => {
  const futures = client.map(
    shifted,
    Array.from({ length: 10_000 }, (_, index) => index),
  );
  let ended = 0;
  for await (const _future of asCompleted(futures)) ended += 1;
  expect(ended).toBe(10_000);
  const values = await client.gather(futures);
  expect(values.every((value, index) => value === index + 10)).toBe(true);
});
