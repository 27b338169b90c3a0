import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client } from "../../client/client.ts";
import { Graph } from "../../client/graph.ts";
import type { ClientToScheduler, Submission, TaskSpec } from "../../protocol/messages.ts";
import { eventually } from "../eventually.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { shifted } from "./modules/sums.ts";

let cluster: FakeCluster;
let client: Client;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = await cluster.connect();
});

afterEach(async () => {
  await client.close();
  await cluster.stop();
});

test("what serves the rest of a graph is kept over a lost connection until the rest was sent", async () => {
  const graph = new Graph();
  let last = graph.add(shifted, [0]);
  // The sixth submission waits until the scheduler has answered some of the five before it.
  for (let index = 1; index < 110_000; index++) last = graph.add(shifted, [last]);
  const future = client.compute(last);
  const parts: Submission[] = [];
  while (parts.length < 5) parts.push(await cluster.next("submit"));
  const kept = parts[4]?.tasks.at(-1) as TaskSpec;
  expect(kept.wanted).toBe(true);
  cluster.kept = [kept.future];
  await cluster.hangUp();
  for (const { submission } of parts) expect(await cluster.accept()).toMatchObject({ submission });
  const { submission, tasks } = await cluster.accept();
  expect([submission, tasks.length]).toEqual([6, 10_000]);
  const isRelease = (message: ClientToScheduler): boolean =>
    message.op === "release" && message.futures.includes(kept.future);
  await eventually("the release", () => cluster.received.some(isRelease));
  const isLast = (message: ClientToScheduler): boolean => message.op === "submit" && message.submission === submission;
  expect(cluster.received.findIndex(isRelease)).toBeGreaterThan(cluster.received.findIndex(isLast));
  cluster.finish(tasks.at(-1) as TaskSpec, 7);
  expect(await future).toBe(7);
});

test("a client whose message the scheduler cannot read does not send it for ever", async () => {
  cluster.unreadable = "submit";
  cluster.kept = [];
  const future = client.submit(shifted, [1]);
  await expect(future).rejects.toMatchObject({
    code: "BAD_FRAME",
    message: expect.stringContaining('"submit" is malformed'),
  });
  await expect(client.info()).rejects.toMatchObject({ code: "BAD_FRAME" });
  expect(cluster.welcomed).toBe(1);
});

test("durations longer than any timer can wait are as good as endless", async () => {
  const patient = await cluster.connect({ timeoutMs: 2 ** 31, reconnectMs: Number.MAX_SAFE_INTEGER });
  const warned: Error[] = [];
  const listen = (warning: Error): unknown => warned.push(warning);
  process.on("warning", listen);
  try {
    const value = patient.submit(shifted, [1]).result({ timeoutMs: 2 ** 40 });
    const { tasks } = await cluster.accept();
    cluster.kept = tasks.map(({ future }) => future);
    await cluster.hangUp();
    await eventually("the client to be back", () => cluster.welcomed === 3);
    cluster.finish(tasks[0] as TaskSpec, 7);
    expect(await value).toBe(7);
    // Node warns of each timer that it lets end after a millisecond.
    expect(warned).toEqual([]);
  } finally {
    process.off("warning", listen);
    await patient.close();
  }
});
