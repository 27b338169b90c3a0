import { Client, Graph } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { add, bytes, inc, length, sum, waitForAbort, whereAmI } from "./fixtures/arithmetic.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

describe.each(["threads", "processes"] as const)("a client of a cluster whose slots are %s", (executor) => {
  let cluster: LocalCluster;
  let client: Client;

  beforeAll(async () => {
    cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 2, executor });
    client = await Client.connect(cluster);
  });
  afterAll(async () => {
    await client?.close();
    await cluster?.close();
  });

  test("submits one task, and tasks on the results of others", async () => {
    const two = client.submit(inc, [1]);
    const five = client.submit(add, [two, client.submit(inc, [2])]);
    expect(await five).toBe(5);
    expect(five.status).toBe("finished");
    expect(await client.submit(sum, [[two, five, 10]])).toBe(17);
  });

  test("maps over values, and gathers in order", async () => {
    const futures = client.map(
      inc,
      Array.from({ length: 200 }, (_, i) => i),
    );
    expect(await client.gather(futures)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
  });

  test("runs on the processes of the workers, not on its own", async () => {
    const places = await client.gather(client.map(whereAmI, [...Array(40).keys()]));
    expect(places.map((place) => place.pid)).not.toContain(process.pid);
    expect(new Set(places.map((place) => place.worker))).toEqual(new Set(["worker-0", "worker-1"]));
  });

  test("computes a graph, a diamond included", async () => {
    const graph = new Graph();
    const one = graph.add(inc, [0]);
    const left = graph.add(add, [one, 10]);
    const right = graph.add(add, [one, 20]);
    const total = graph.add(sum, [[left, right, one]]);
    expect(await client.compute(total)).toBe(33);
    const [a, b] = client.compute([left, right]);
    expect(await client.gather([a, b])).toEqual([11, 21]);
  });

  test("moves large results between workers, never through the scheduler", async () => {
    const size = 5 * 2 ** 20;
    const made = ["worker-0", "worker-1"].map((name) => client.submit(bytes, [size], { workers: [name] }));
    const lengths = made.flatMap((future) =>
      ["worker-0", "worker-1"].map((name) => client.submit(length, [future], { workers: [name] })),
    );
    expect(await client.gather(lengths)).toEqual([size, size, size, size]);
    expect((await made[0])?.slice(0, 3)).toEqual(new Uint8Array([7, 7, 7]));
  });

  test("scatters values, and uses them", async () => {
    const [list, number] = await client.scatter([[1, 2, 3], 4], { broadcast: true });
    expect(await client.submit(sum, [list as never])).toBe(6);
    expect(await client.submit(inc, [number as never])).toBe(5);
    expect(await list).toEqual([1, 2, 3]);
  });

  test("cancels what runs and what waits for it, and runs the same key afresh", async () => {
    const running = client.submit(waitForAbort, [], { key: `cancelled-${executor}` });
    const waiting = client.submit(length, [running as never]);
    await eventually("the task to run", async () => (await client.info()).workers.some((worker) => worker.running > 0));
    await client.cancel([running], { reason: "changed my mind" });
    await expect(running).rejects.toMatchObject({ code: "CANCELLED" });
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
    expect([running.status, waiting.status]).toEqual(["cancelled", "cancelled"]);
    expect(await client.submit(inc, [1], { key: `cancelled-${executor}` })).toBe(2);
  });

  test("releases results that nobody needs any more", async () => {
    const stored = async (): Promise<number> =>
      (await client.info()).workers.reduce((total, worker) => total + worker.stored, 0);
    const futures = client.map(bytes, [10, 20, 30]);
    await client.gather(futures);
    expect([...(await client.whoHas(futures)).keys()].toSorted()).toEqual(futures.map(({ key }) => key).toSorted());
    const before = await stored();
    for (const future of futures) future.release();
    await eventually("the workers to drop them", async () => (await stored()) <= before - 3);
  });

  test("runs a function once on each worker", async () => {
    const pids = await client.runOnWorkers(() => process.pid, []);
    expect(new Set(pids.keys())).toEqual(new Set(["worker-0", "worker-1"]));
    expect(new Set(pids.values()).size).toBe(2);
  });
});
