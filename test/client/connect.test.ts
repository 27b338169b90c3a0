import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../../client/client.ts";
import { withScope } from "../../protocol/task-registry.ts";
import { FakeCluster } from "./fake-cluster.ts";

let cluster: FakeCluster;

beforeEach(async () => {
  cluster = await FakeCluster.start();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await cluster.stop();
});

test("the token comes from the options, else the cluster object, else the environment", async () => {
  vi.stubEnv("MUSTER_TOKEN", cluster.token);
  const ways: (() => Promise<Client>)[] = [
    () => Client.connect(cluster.address),
    () => Client.connect({ address: cluster.address }),
    () => Client.connect(cluster),
    () => Client.connect({ address: cluster.address, token: "wrong" }, { token: cluster.token }),
  ];
  for (const connect of ways) await (await connect()).close();
  await expect(Client.connect({ address: cluster.address, token: "wrong" })).rejects.toMatchObject({
    code: "BAD_TOKEN",
  });
  await expect(Client.connect(cluster, { token: "wrong" })).rejects.toMatchObject({ code: "BAD_TOKEN" });
});

test("an unreachable scheduler is an error within the time limit, which names the address", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const address = `ws://127.0.0.1:${port}`;
  await expect(Client.connect(address, { token: "x", timeoutMs: 200 })).rejects.toMatchObject({
    code: "SCHEDULER_UNREACHABLE",
    message: expect.stringContaining(address),
  });
});

test("bad options and addresses are refused", async () => {
  await expect(Client.connect(cluster, { timeout: 5, name: 3 } as never)).rejects.toMatchObject({
    code: "BAD_OPTION",
    message: expect.stringMatching(/timeout is unknown.*name should be a string/),
  });
  for (const to of ["", undefined, {}, 5]) {
    await expect(Client.connect(to as never)).rejects.toMatchObject({ code: "BAD_OPTION" });
  }
  await expect(Client.connect("http://nowhere", { token: "x" })).rejects.toMatchObject({ code: "BAD_ADDRESS" });
});

test("a module that connects while a slot imports it is told to ask for import.meta.main", async () => {
  await expect(withScope("some-bundle", () => Client.connect(cluster))).rejects.toMatchObject({
    code: "BAD_FLOW",
    message: expect.stringContaining("import.meta.main"),
  });
});

test("requests and their replies", async () => {
  const client = await cluster.connect();
  try {
    const info = client.info();
    await cluster.reply("info", { workers: [] });
    expect(await info).toEqual({ workers: [] });

    const there = client.waitForWorkers(2);
    expect(await cluster.reply("wait-for-workers", null)).toMatchObject({ count: 2 });
    expect(await there).toBeUndefined();
    await expect(client.waitForWorkers(3, { timeoutMs: 5 })).rejects.toMatchObject({
      code: "TIMED_OUT",
      message: expect.stringContaining("3 workers"),
    });
    await expect(client.waitForWorkers(-1)).rejects.toMatchObject({ code: "BAD_OPTION" });

    const retired = client.retireWorkers(["a"]);
    expect(await cluster.reply("retire-workers", ["a"])).toMatchObject({ names: ["a"] });
    expect(await retired).toEqual(["a"]);

    const restarted = client.restart();
    await cluster.reply("restart", null);
    expect(await restarted).toBeUndefined();

    const future = client.submit((x: number) => x, [1]);
    const { tasks } = await cluster.accept();
    const holders = client.whoHas(future);
    expect(await cluster.reply("who-has", [{ key: "k", addresses: ["ws://a"] }])).toMatchObject({
      futures: [tasks[0]?.future],
    });
    expect(await holders).toEqual(new Map([["k", ["ws://a"]]]));
  } finally {
    await client.close();
  }
});
