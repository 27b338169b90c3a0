import { Client, flow, LocalExecutor, PoolExecutor } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ClusterError } from "../../protocol/errors.ts";
import { eventually } from "../eventually.ts";
import {
  chain,
  fib,
  foreign,
  inline,
  leaves,
  perhaps,
  place,
  returnsFuture,
  secrets,
  survives,
  waitsForever,
} from "./fixtures/nested.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

describe.each(["threads", "processes"] as const)(
  "on one slot that is one of %s, a task that submits tasks",
  (executor) => {
    let cluster: LocalCluster;
    let client: Client;

    beforeAll(async () => {
      cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, executor, memoryLimit: "1GiB" });
      client = await Client.connect(cluster);
    });
    // Nothing may be left of what a task submitted, and the slot has to be free for the next.
    afterEach(async () => {
      await eventually("the end of every task", async () => {
        const { tasks, workers, clients } = await client.info();
        return clients === 1 && tasks.processing === 0 && workers.every(({ assigned }) => assigned === 0);
      });
      expect(await client.submit(fib, [1]).result({ timeoutMs: 20_000 })).toBe(1);
    });
    afterAll(async () => {
      await client?.close();
      await cluster?.close();
    });

    test("may wait for two of them at each level", async () => {
      expect(await client.submit(fib, [6])).toBe(8);
    });

    test("may do so to any depth, and wait for them in any way", async () => {
      expect(await client.submit(chain, [10])).toBe(10);
    });

    test("finds the code of its own module, and sends functions written in place", async () => {
      expect(await client.submit(inline, [20])).toBe(41);
      expect(await client.submit(foreign, [1])).toBe("NOT_SELF_CONTAINED");
    });

    test("shares its run with them", async () => {
      expect(await client.submit(place, [], { run: "shared" })).toEqual({ run: "shared", childRun: "shared" });
    });

    test("is stopped with them when it is cancelled", async () => {
      const future = client.submit(waitsForever, []);
      await eventually("both to run", async () => (await client.info()).workers[0]?.running === 2);
      await future.cancel();
      expect(future.status).toBe("cancelled");
    });

    test("is stopped with them when it takes too long", async () => {
      const error = (await client.submit(waitsForever, [], { timeoutMs: 1_000 }).exception()) as ClusterError;
      expect(error.code).toBe("TASK_TIMED_OUT");
    });

    test("ends what it does not wait for", async () => {
      expect(await client.submit(leaves, []).result({ timeoutMs: 20_000 })).toBe("TIMED_OUT");
    });

    test("returns the value of a future, and not the future itself", async () => {
      expect(await client.submit(returnsFuture, [false])).toBe(1);
      const error = (await client.submit(returnsFuture, [true]).exception()) as ClusterError;
      expect(error).toMatchObject({ code: "UNSENDABLE_VALUE", details: { path: "result[0]" } });
    });

    test("does not see the token in its surroundings", async () => {
      expect(await client.submit(secrets, [cluster.token])).toBe(false);
    });

    test("shares the slot with tasks of others while it waits", async () => {
      const futures = client.map(fib, [3, 4, 5, 2, 1]);
      expect(await client.gather(futures)).toEqual([2, 3, 5, 1, 1]);
    });

    test("shares it, too, when it waits among tasks that are over at once", async () => {
      const waits = Array.from({ length: 60 }, (_, index) => index === 30);
      for (let round = 0; round < 5; round++) {
        // From these its worker knows that most are.
        for (let leaf = 0; leaf < 20; leaf++) await client.submit(perhaps, [false]);
        expect(await client.gather(client.map(perhaps, waits))).toEqual(waits.map(Number));
      }
    });
  },
);

test("a task whose worker dies while it waits is run again, with what it submits", async () => {
  const cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, executor: "processes" });
  try {
    const client = await Client.connect(cluster);
    try {
      expect(await client.submit(survives, [])).toBe(502);
    } finally {
      await client.close();
    }
  } finally {
    await cluster.close();
  }
});

test.each([
  ["LocalExecutor", new LocalExecutor()],
  ["PoolExecutor", new PoolExecutor({ numWorkers: 1 })],
] as const)("in a %s there is no client", async (_name, executor) => {
  const state = await flow("nested", () => fib(5)).run({ executor });
  expect(state.taskState(fib).message).toContain("ClusterExecutor");
});
