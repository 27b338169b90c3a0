import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fine, spins } from "./fixtures/faults.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 3 });
});

afterAll(async () => {
  await cluster?.close();
});

test("one client stops another's run, endless loops and all, and leaves other runs on the same worker alone", async () => {
  const owner = await Client.connect(cluster);
  const operator = await Client.connect(cluster);
  try {
    const endless = [owner.submit(spins, [], { run: "runaway" }), owner.submit(spins, [], { run: "runaway" })];
    const beside = owner.submit(fine, [7], { run: "good" });
    expect(await beside).toBe(7);
    await operator.cancelRun("runaway", { reason: "it never ends" });
    for (const future of endless) {
      expect(future.status).toBe("cancelled");
      expect(String(await future.exception())).toContain("it never ends");
    }
    // Its slots are free again: as many tasks as there are slots run at once.
    expect(await owner.gather(owner.map(fine, [1, 2, 3]))).toEqual([1, 2, 3]);
    expect(await beside).toBe(7);
  } finally {
    await Promise.all([owner.close(), operator.close()]);
  }
});

test("a run keeps to the slots that it was allowed", async () => {
  const client = await Client.connect(cluster);
  try {
    await client.shareRun("narrow", { weight: 2, maxSlots: 1 });
    const futures = client.map(fine, [1, 2, 3, 4], { run: "narrow" });
    expect(await client.gather(futures)).toEqual([1, 2, 3, 4]);
    await expect(client.shareRun("narrow", { weight: 0 })).rejects.toThrow(/weight/);
  } finally {
    await client.close();
  }
});
