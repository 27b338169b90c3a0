import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "muster";
import { expect, test } from "vitest";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { Nanny } from "../../worker/nanny.ts";
import { TcpProxy } from "../chaos/proxy.ts";
import { eventually } from "../eventually.ts";
import { recorded } from "./fixtures/recorded.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

const token = "secret";

test("workers that are cut off in the middle of 500 tasks lose nothing, and nothing that ended runs again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "muster-test-"));
  const file = join(directory, "runs");
  const scheduler = await SchedulerServer.start({ port: 0, token });
  const proxy = await TcpProxy.start(scheduler.address);
  const nannies = await Promise.all(
    ["a", "b"].map((name) => Nanny.start({ address: proxy.address, token, name, slots: 2, memoryLimitBytes: 0 })),
  );
  const client = await Client.connect(scheduler.address, { token });
  try {
    const pids = (await client.info()).workers.map(({ pid }) => pid);
    const futures = Array.from({ length: 500 }, (_, x) => client.submit(recorded, [file, x]));
    const finished = async (): Promise<number> => (await client.info()).tasks.memory;
    for (const part of [50, 150, 250, 350, 450]) {
      await eventually(`${part} results`, async () => (await finished()) >= part);
      expect(proxy.cut(100)).toBe(true);
    }
    expect(await client.gather(futures)).toEqual(Array.from({ length: 500 }, (_, x) => x * x));
    const runs = readFileSync(file, "utf8").trimEnd().split("\n").map(Number);
    expect(runs.toSorted((a, b) => a - b)).toEqual([...Array(500).keys()]);
    expect((await client.info()).workers.map(({ pid }) => pid).toSorted()).toEqual(pids.toSorted());
  } finally {
    await client.close();
    await Promise.all(nannies.map((nanny) => nanny.close()));
    await proxy.close();
    await scheduler.close();
    rmSync(directory, { recursive: true });
  }
});
