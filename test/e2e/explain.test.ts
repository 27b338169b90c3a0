import { Client, type Explanation, type Future } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { add, inc, waitForAbort } from "./fixtures/arithmetic.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

let cluster: LocalCluster;
let client: Client;
beforeEach(async () => {
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, noWorkersTimeoutMs: 2000 });
  client = await Client.connect(cluster);
});
afterEach(async () => {
  await client.close();
  await cluster.close();
});

const once = (future: Future<unknown>, holds: (explanation: Explanation) => boolean): Promise<Explanation> =>
  eventually("the explanation", async () => {
    const explanation = await client.explain(future);
    return holds(explanation) ? explanation : undefined;
  });

test("a task is followed from the queue to its end, and another client may ask by key", async () => {
  const endless = client.submit(waitForAbort, [], { key: "endless" });
  const running = await once(endless, ({ attempts }) => attempts[0]?.fate === "running");
  expect(running).toMatchObject({ state: "processing", worker: "worker-0", reasons: [] });
  expect(running.paragraph).toMatch(/^The task "endless" has run on worker-0 for \S+, as attempt 1\./);

  const sum = client.submit(add, [endless as unknown as Future<number>, 1], { key: "sum" });
  const other = await Client.connect(cluster);
  try {
    await client.explain(sum);
    expect(await other.explain("sum")).toMatchObject({
      state: "waiting",
      waitsFor: [{ key: "endless", state: "processing", worker: "worker-0" }],
      cause: { key: "endless", state: "processing" },
    });
  } finally {
    await other.close();
  }

  await endless.cancel({ reason: "seen enough" });
  expect(await client.explain(endless)).toMatchObject({
    state: "erred",
    error: { code: "CANCELLED", origin: "endless" },
    attempts: [{ attempt: 1, worker: "worker-0", fate: "cancelled", message: "seen enough" }],
  });
  expect(await client.explain(sum)).toMatchObject({ error: { code: "CANCELLED", origin: "endless" }, attempts: [] });

  const two = client.submit(inc, [1]);
  await two;
  expect(await client.explain(two)).toMatchObject({
    state: "memory",
    holders: ["worker-0"],
    attempts: [{ attempt: 1, worker: "worker-0", fate: "done" }],
  });
});

test("a task that no worker could run says so at once, and fails after noWorkersTimeoutMs", async () => {
  const future = client.submit(inc, [1], { resources: { GPU: 1 } });
  const explanation = await client.explain(future);
  expect(explanation).toMatchObject({ state: "no-worker", reasons: [{ code: "unsuited" }] });
  expect(explanation.paragraph).toContain("It asks for GPU=1, and no connected worker has that");
  const { scheduler = [] } = await cluster.logs();
  expect(scheduler.join("\n")).toContain("a task cannot be placed: it asks for GPU=1");
  await expect(future.result()).rejects.toMatchObject({ code: "NO_WORKERS" });
});

test("what never reached the scheduler is explained by the client", async () => {
  const future = client.submit((value: unknown) => value, [Symbol("unsendable")]);
  await future.exception();
  expect(await client.explain(future)).toMatchObject({ state: "erred", error: { code: "UNSENDABLE_VALUE" } });
  await expect(client.explain("never")).resolves.toMatchObject({ state: "unknown" });
  future.release();
  await expect(client.explain(future)).rejects.toMatchObject({ code: "UNKNOWN_FUTURE" });
});
