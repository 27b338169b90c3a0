import { Client, ClusterExecutor, flow } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { inc, slowSquare, waitForAbort } from "./fixtures/arithmetic.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

const empty = { nWorkers: 0, threadsPerWorker: 1 } as const;
const soon = { intervalMs: 200, targetDurationMs: 200, waitCount: 2 } as const;

test("goes from nothing to its maximum and back with the work, and runs nothing twice", async () => {
  await using cluster = await LocalCluster.start(empty);
  await using client = await Client.connect(cluster);
  const adapting = cluster.adapt({ ...soon, maximum: 2 });
  const futures = client.map(slowSquare, [...Array(400).keys()]);
  await client.gather(futures);
  const [first] = adapting.decisions.filter(({ target }) => target > 0);
  expect(first).toMatchObject({ live: 0, requested: 0, target: 2 });
  expect(Math.max(...adapting.decisions.map(({ requested }) => requested))).toBe(2);
  const fates = await Promise.all([0, 199, 399].map((i) => client.explain(futures[i] as (typeof futures)[number])));
  for (const { attempts } of fates) expect(attempts).toHaveLength(1);
  for (const future of futures) future.release();
  await eventually("the end of the workers", () => cluster.workers.length === 0, 30_000);
  for (const { reason } of adapting.decisions) expect(reason).not.toBe("");
});

test("a chain never has more than one worker", async () => {
  await using cluster = await LocalCluster.start(empty);
  await using client = await Client.connect(cluster);
  const adapting = cluster.adapt({ ...soon, intervalMs: 20 });
  let last = client.submit(inc, [0]);
  for (let i = 1; i < 100; i++) last = client.submit(inc, [last]);
  expect(await last).toBe(100);
  expect(Math.max(...adapting.decisions.flatMap(({ target, requested }) => [target, requested]))).toBe(1);
});

test("a worker that runs something is not let go, and one scaling ends the other", async () => {
  await using cluster = await LocalCluster.start({ ...empty, nWorkers: 2 });
  await using client = await Client.connect(cluster);
  const running = client.submit(waitForAbort, []);
  await eventually("it to run", async () => (await client.info()).workers.some((worker) => worker.running > 0));
  const adapting = cluster.adapt({ ...soon, maximum: 0, intervalMs: 20 });
  await eventually("the idle one to go", () => cluster.workers.length === 1, 30_000);
  expect(running.status).toBe("pending");
  await running.cancel();
  await eventually("the other to go", () => cluster.workers.length === 0, 30_000);
  await cluster.scale(1);
  const decisions = adapting.decisions.length;
  expect(cluster.workers).toHaveLength(1);
  expect(await client.submit(inc, [1])).toBe(2);
  expect(adapting.decisions).toHaveLength(decisions);
});

test("a flow's temporary cluster scales with its work", async () => {
  const many = flow("many", () => slowSquare.map([...Array(50).keys()]));
  const executor = new ClusterExecutor({ clusterOptions: empty, adapt: { ...soon, maximum: 2 } });
  const state = await many.run({ executor });
  expect(state.isSuccessful()).toBe(true);
});

test("bad bounds are refused when the executor is made", () => {
  expect(() => new ClusterExecutor({ adapt: { minimum: 2, maximum: 1 } })).toThrow(
    expect.objectContaining({ code: "BAD_OPTION", message: expect.stringContaining("ClusterExecutor: adapt") }),
  );
});

test("a cluster that closes while it scales leaves nothing", async () => {
  const cluster = await LocalCluster.start(empty);
  const client = await Client.connect(cluster);
  cluster.adapt({ ...soon, minimum: 2 });
  await eventually("workers to be asked for", () => cluster.workers.length === 2);
  await client.close();
  await cluster.close();
  expect(() => cluster.adapt()).toThrow(expect.objectContaining({ code: "CLOSED" }));
});
