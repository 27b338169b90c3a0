import { Client, Graph } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { slowSquare, sum } from "./fixtures/arithmetic.ts";
import { killsWorker } from "./fixtures/faults.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

test("a worker killed in the middle of 1,000 tasks costs time, not results", async () => {
  const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 2 });
  const client = await Client.connect(cluster);
  try {
    const graph = new Graph();
    const squares = Array.from({ length: 1_000 }, (_, i) => graph.add(slowSquare, [i]));
    const sums = Array.from({ length: 10 }, (_, i) => graph.add(sum, [squares.slice(i * 100, (i + 1) * 100)]));
    const total = client.compute(graph.add(sum, [sums]));
    const finished = async (): Promise<number> => (await client.info()).tasks.memory;
    await eventually("a part of the tasks to finish", async () => (await finished()) > 100);
    process.kill(cluster.workers[0]?.pid as number, "SIGKILL");
    expect(await total.result({ timeoutMs: 40_000 })).toBe((999 * 1000 * 1999) / 6);
  } finally {
    await client.close();
    await cluster.close();
  }
});

test("a task that kills its worker fails as soon as one more died than is allowed", async () => {
  const cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, allowedWorkerLosses: 0 });
  const client = await Client.connect(cluster);
  try {
    const error = await client.submit(killsWorker, []).exception();
    expect(error).toMatchObject({ code: "WORKER_LOST", message: expect.stringContaining("attempt 1 on worker-0") });
  } finally {
    await client.close();
    await cluster.close();
  }
});
