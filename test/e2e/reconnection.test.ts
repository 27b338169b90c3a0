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

test("a client that is cut off again and again gets every result, and nothing that it submitted runs twice", async () => {
  const directory = mkdtempSync(join(tmpdir(), "muster-test-"));
  const file = join(directory, "runs");
  const scheduler = await SchedulerServer.start({ port: 0, token });
  const proxy = await TcpProxy.start(scheduler.address);
  const nanny = await Nanny.start({ address: scheduler.address, token, name: "a", slots: 2, memoryLimitBytes: 0 });
  const client = await Client.connect(proxy.address, { token });
  try {
    const values: Promise<number>[] = [];
    for (let x = 0; x < 200; x++) {
      values.push(client.submit(recorded, [file, x]).result());
      if (x % 10 === 9) await client.info();
      if (x % 50 === 25) expect(proxy.cut(100)).toBe(true);
    }
    await values[60];
    expect(proxy.cut(100)).toBe(true);
    expect(await Promise.all(values)).toEqual(Array.from({ length: 200 }, (_, x) => x * x));
    const runs = readFileSync(file, "utf8").trimEnd().split("\n").map(Number);
    expect(runs.toSorted((a, b) => a - b)).toEqual([...Array(200).keys()]);
    expect((await client.info()).clients).toBe(1);
  } finally {
    await client.close();
    await nanny.close();
    await proxy.close();
    await scheduler.close();
    rmSync(directory, { recursive: true });
  }
});

test("a client learns at once that a scheduler ended by its own will, and after reconnectMs that one is not coming back", async () => {
  const scheduler = await SchedulerServer.start({ port: 0, token });
  const proxy = await TcpProxy.start(scheduler.address);
  const direct = await Client.connect(scheduler.address, { token });
  const cutOff = await Client.connect(proxy.address, { token, reconnectMs: 300 });
  try {
    const unanswered = [direct, cutOff].map((client) => client.waitForWorkers(1));
    const lost = unanswered.map((answer) => expect(answer).rejects.toMatchObject({ code: "CONNECTION_LOST" }));
    proxy.cut(Number.POSITIVE_INFINITY);
    await lost[1];
    expect(() => cutOff.submit(recorded, ["", 1])).toThrow(expect.objectContaining({ code: "CONNECTION_LOST" }));
    await scheduler.close();
    await lost[0];
  } finally {
    await Promise.all([direct.close(), cutOff.close()]);
    await proxy.close();
    await scheduler.close();
  }
});
