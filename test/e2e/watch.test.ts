import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClusterEvent } from "../../protocol/record.ts";
import { eventually } from "../eventually.ts";
import { churn, fails } from "./fixtures/recorded-work.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

let cluster: LocalCluster;
let client: Client;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  client = await Client.connect(cluster);
});

afterAll(async () => {
  await client?.close();
  await cluster?.close();
});

type Kind<K extends ClusterEvent["kind"]> = Extract<ClusterEvent, { kind: K }>;
const of = <K extends ClusterEvent["kind"]>(events: readonly ClusterEvent[], kind: K): Kind<K>[] =>
  events.filter((event): event is Kind<K> => event.kind === kind);

test("a watch tells of every attempt of its run, of failures, workers and vitals, and its last word comes before its end", async () => {
  const events: ClusterEvent[] = [];
  const end = await client.watch({ run: "mine" }, (batch) => void events.push(...batch));
  const results = client.map(churn, [1, 2, 3, 4], { run: "mine" });
  const other = client.submit(churn, [5], { run: "other" });
  await client.gather([...results, other]);
  const failing = client.submit(fails, [], { run: "mine", key: "bad" });
  await failing.exception();
  await eventually("vitals of every process", () => new Set(of(events, "vitals").map((one) => one.process)).size === 3);
  await end();
  const told = events.length;

  expect(of(events, "submitted").reduce((sum, { tasks }) => sum + tasks, 0)).toBe(5);
  const attempts = of(events, "attempt");
  expect(attempts.map(({ name, fate }) => `${name} ${fate}`).sort()).toEqual([
    ...Array<string>(4).fill("churn done"),
    "fails failed",
  ]);
  expect(attempts.every(({ startMs, endMs }) => startMs > 1.6e12 && endMs >= startMs)).toBe(true);
  expect(of(events, "task-end")).toMatchObject([
    { key: "bad", state: "failed", code: "TASK_FAILED", message: expect.stringContaining("always fails") },
  ]);
  expect(
    of(events, "worker")
      .map(({ worker, change }) => `${worker} ${change}`)
      .sort(),
  ).toEqual(["worker-0 joined", "worker-1 joined"]);

  await client.submit(churn, [1], { run: "mine", pure: false });
  expect(events).toHaveLength(told);
});

test("a watch with profiles says in which function of the user's file the time went", async () => {
  const events: ClusterEvent[] = [];
  const seen = (): boolean =>
    of(events, "profile").some(({ frames }) =>
      frames.some(({ name, place }) => name === "mix" && /recorded-work\.ts:\d+$/.test(place)),
    );
  // However slow the machine: more is churned until a sample was taken of it.
  for (let rounds = 2_000; !seen() && rounds < 1e6; rounds *= 4) {
    const end = await client.watch({ profile: true }, (batch) => void events.push(...batch));
    await client.submit(churn, [rounds], { pure: false });
    await end();
  }
  expect(seen()).toBe(true);
  const own = of(events, "profile").flatMap(({ process, frames }) => (process === "scheduler" ? [] : frames));
  expect(own.filter(({ parent, place }) => parent < 0 && place.includes("slot-runtime"))).toEqual([]);
});
