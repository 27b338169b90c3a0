import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterShapes } from "../../bench/shapes/catalog.ts";
import { type GraphPlan, graphShape } from "../../bench/shapes/graph-shape.ts";
import { chain, merge, shuffle, tree } from "../../bench/shapes/plain-graphs.ts";
import { type Bed, WrongResult } from "../../bench/shapes/shape.ts";
import { percentile } from "../../bench/shapes/submissions.ts";
import { bag, groupby, join } from "../../bench/shapes/tables.ts";
import { Client } from "../../client/client.ts";
import { Graph, GraphNode, neededFor } from "../../client/graph.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import { eventually } from "../eventually.ts";

let cluster: LocalCluster;
let bed: Bed;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  bed = { client: await Client.connect(cluster), computes: true };
});

afterAll(async () => {
  await bed?.client.close();
  await cluster?.close();
});

describe("on a cluster", () => {
  test.each(clusterShapes.map((shape) => [shape.name, shape] as const))(
    "%s gives its figures",
    async (_name, shape) => {
      const sample = await shape.measure(bed, shape.quickSize);
      expect(Object.keys(sample).sort()).toEqual(shape.figures.map(({ name }) => name).sort());
      for (const value of Object.values(sample)) expect(value).toBeGreaterThan(0);
    },
  );

  test("a wrong result is an error", async () => {
    const wrong: GraphPlan = { ...merge, expected: () => 0 };
    const shape = graphShape(wrong, { name: "wrong", family: "merge", summary: "", size: 3, quickSize: 3 });
    await expect(shape.measure(bed, 3)).rejects.toThrow(new WrongResult("wrong gave 6 instead of 0"));
  });

  test("nothing is left of a repetition", async () => {
    await eventually("every result to be released", async () => {
      const { tasks } = await bed.client.info();
      return tasks.memory + tasks.processing + tasks.queued + tasks.waiting === 0;
    });
  });
});

describe("graphs have as many tasks as they are said to", () => {
  // So many nodes has a reduction of p, and of p², 8 at a time, for p = 10: 2 + 1, and 13 + 2 + 1.
  test.each<[string, GraphPlan, number]>([
    ["merge", merge, 11],
    ["tree", tree, 10 + 5 + 3 + 2 + 1],
    ["chain", chain, 10],
    ["shuffle", shuffle, 10 + 100 + 10 + 1],
    ["bag", bag, 10 + 10 + 100 + 100 + 16],
    ["groupby", groupby, 5 * 10 + 2 * 3 + 4],
    ["join", join, 100 + 4 * 10 + 1],
  ])("%s", (_name, plan, tasks) => {
    const node = plan.build(new Graph(), 10);
    expect(neededFor([GraphNode.specOf(node)])).toHaveLength(tasks);
    expect(plan.tasks(10)).toBe(tasks);
  });
});

test("names are unique, and quick is smaller", () => {
  expect(new Set(clusterShapes.map(({ name }) => name)).size).toBe(clusterShapes.length);
  for (const { size, quickSize } of clusterShapes) expect(quickSize).toBeLessThan(size);
});

test("percentiles are values that were there", () => {
  const values = Array.from({ length: 300 }, (_, index) => index + 1);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile([7], 0.99)]).toEqual([150, 297, 7]);
});
