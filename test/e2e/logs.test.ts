import { Client, type LogLine } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { chatter, leak, longWinded, speak } from "./fixtures/speakers.ts";
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

/** The lines once there are so many; they come a moment after the end of their task. */
function lines(options: Parameters<Client["logs"]>[0], count: number): Promise<LogLine[]> {
  return eventually(`${count} lines`, async () => {
    const found = await client.logs(options);
    return found.length >= count ? found : undefined;
  });
}

test("what a task writes is found by run, by key and by worker, with its level and where it came from", async () => {
  await client.submit(speak, ["hello"], { run: "speech", key: "speak-hello" });
  await client.submit(speak, ["bye"], { run: "speech", key: "speak-bye" });
  const all = await lines({ run: "speech" }, 8);
  expect(all).toHaveLength(8);
  const hello = await client.logs({ key: "speak-hello" });
  const [worker] = hello.map((line) => line.worker);
  const about = { source: "task", run: "speech", key: "speak-hello", attempt: 1, worker };
  expect(hello).toMatchObject([
    { ...about, level: "info", stream: "stdout", text: "hello aloud" },
    { ...about, level: "warn", stream: "stderr", text: "hello with a frown" },
    { ...about, level: "debug", stream: "log", text: "in passing { word: 'hello' }" },
    { ...about, level: "error", stream: "log", text: "gravely { place: 'here', word: 'hello' }" },
  ]);
  expect(await client.logs({ key: "speak-hello", worker, level: "error" })).toHaveLength(1);
  expect(await client.logs({ key: "speak-hello", limit: 1 })).toMatchObject([
    { text: expect.stringMatching("gravely") },
  ]);
  expect(await client.logs({ run: "no such run" })).toEqual([]);
});

test("the scheduler's own lines and the workers' are there, and the token is in none of them", async () => {
  const all = await lines({ level: "info" }, 4);
  expect(all.filter(({ source }) => source === "scheduler").map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^scheduler listens {2}address=ws:/),
  );
  const registered = all.filter(({ text, source }) => source === "worker" && text.startsWith("worker registered"));
  expect(new Set(registered.map(({ worker }) => worker))).toEqual(new Set(cluster.workers.map(({ name }) => name)));
  expect(JSON.stringify(all)).not.toContain(cluster.token);
});

test("a task that prints its cluster's token does not get it into the logs", async () => {
  await client.submit(leak, [cluster.token], { key: "leak" });
  expect(await lines({ key: "leak" }, 1)).toMatchObject([{ text: "it is <token>!" }]);
});

test("a line that is too long is cut, and says so", async () => {
  await client.submit(longWinded, [], { key: "long" });
  const [printed, logged] = await lines({ key: "long" }, 2);
  expect(printed?.text).toMatch(/^x{16384}… \(83616 more characters were cut\)$/);
  expect(logged?.text).toMatch(/^y{16384}… \(83616 more characters were cut\)$/);
});

test("a task that prints without end does not keep others' lines from coming, and what is missing is said", async () => {
  await client.submit(chatter, [9_000], { key: "chatter", run: "noise" });
  const missing = await eventually("the line about what is missing", async () =>
    (await client.logs({ limit: 20_000 })).find(({ text }) => /^\(\d+ lines are left out here/.test(text)),
  );
  const left = Number(/\d+/.exec(missing.text)?.[0]);
  expect((await client.logs({ key: "chatter", limit: 20_000 })).length + left).toBe(9_000);
  await client.submit(speak, ["still"], { key: "after" });
  expect(await lines({ key: "after" }, 4)).toHaveLength(4);
});

test("whoever watches a run hears its lines as they come, and no other run's", async () => {
  const heard: LogLine[] = [];
  const end = await client.watch({ run: "followed" }, (events) => {
    for (const event of events) if (event.kind === "log") heard.push(event.line);
  });
  await client.submit(speak, ["other"], { run: "another" });
  await client.submit(speak, ["mine"], { run: "followed", key: "followed-1" });
  await eventually("its lines", () => heard.filter(({ key }) => key === "followed-1").length === 4);
  expect(heard.filter(({ run }) => run === "another")).toEqual([]);
  await end();
});

test("bad options are named", async () => {
  expect(() => client.logs({ limit: -1, level: "loud" as never })).toThrow(/limit.*level|level.*limit/);
});
