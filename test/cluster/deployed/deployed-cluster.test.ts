import { Client } from "muster";
import { DeployedCluster, type Deployer } from "muster/cluster";
import { expect, test } from "vitest";
import { inc } from "../../e2e/fixtures/arithmetic.ts";
import { watchLeaks } from "../../e2e/leaks.ts";

watchLeaks();

const useless: Deployer = { start: () => Promise.reject(new Error("the platform has no room")) };

test("a cluster that cannot get any worker says why at once when workers are asked for", async () => {
  await expect(DeployedCluster.deploy(useless, { nWorkers: 2 })).rejects.toThrow("the platform has no room");
});

test("one that scales by itself tries again, then closes, and its clients hear why", async () => {
  await using cluster = await DeployedCluster.deploy(useless);
  await using client = await Client.connect(cluster);
  const future = client.submit(inc, [1]);
  cluster.adapt({ intervalMs: 100 });
  await expect(future).rejects.toThrow(/worker-0 is given up after 5 tries: the platform has no room/);
  await expect(cluster.scale(1)).rejects.toMatchObject({
    code: "CLOSED",
    message: expect.stringContaining("no room"),
  });
});

test("something else than a deployer, and bad options, start nothing", async () => {
  await expect(DeployedCluster.deploy({} as Deployer)).rejects.toMatchObject({ code: "BAD_OPTION" });
  await expect(DeployedCluster.deploy(useless, { nWorkers: -1, port: 70_000 })).rejects.toThrow(/nWorkers.*port/);
  const secret = { token: 12_345 as unknown as string, nWorkers: -1 };
  const refused: unknown = await DeployedCluster.deploy(useless, secret).catch((error: unknown) => error);
  expect(String(refused)).not.toContain("12345");
});
