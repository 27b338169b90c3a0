import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fnId, futureId } from "../../protocol/ids.ts";
import type { SchedulerToClient, Submission, TaskSpec } from "../../protocol/messages.ts";
import { encodeValue } from "../../protocol/value.ts";
import { protocolVersion } from "../../protocol/version.ts";
import { inc } from "./fixtures/arithmetic.ts";
import { watchLeaks } from "./leaks.ts";
import { connectRaw } from "./raw-client.ts";

watchLeaks("file");

let cluster: LocalCluster;
beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1 });
});
afterAll(() => cluster?.close());

const httpAddress = (): string => cluster.address.replace(/^ws/, "http");

function submission(tasks: readonly Pick<TaskSpec, "future" | "deps">[]): Submission {
  const request = { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 };
  const args = encodeValue([]);
  return {
    op: "submit",
    submission: 1,
    run: "raw",
    prefix: "raw",
    requests: [request],
    tasks: tasks.map((task) => ({ ...task, fn: fnId(1), args, request: 0, wanted: true })),
  };
}

test("health is told to anybody, everything else to nobody", async () => {
  const health = await fetch(`${httpAddress()}/health`);
  expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
  expect((await fetch(`${httpAddress()}/`)).status).toBe(404);
  expect((await fetch(`${httpAddress()}/health`, { method: "POST" })).status).toBe(404);
});

test("a wrong token is refused, and the right one not told", async () => {
  const error = await Client.connect(cluster.address, { token: "wrong", timeoutMs: 5_000 }).catch(
    (error: unknown) => error,
  );
  expect(error).toMatchObject({ code: "BAD_TOKEN" });
  expect(String(error)).not.toContain(cluster.token);
});

test("a missing token is refused", async () => {
  await expect(Client.connect(cluster.address, { timeoutMs: 5_000 })).rejects.toMatchObject({ code: "BAD_TOKEN" });
});

test("another version of the protocol is refused, and both versions are named", async () => {
  const refused = connectRaw(cluster, { protocol: protocolVersion + 1 });
  await expect(refused).rejects.toMatchObject({ code: "VERSION_MISMATCH" });
  await expect(refused).rejects.toThrow(
    new RegExp(`${protocolVersion + 1}.*${protocolVersion}|${protocolVersion}.*${protocolVersion + 1}`),
  );
});

test("a scheduler that is not there is told within the timeout", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  await new Promise((resolve) => taken.close(resolve));
  const address = `ws://127.0.0.1:${port}`;
  const error = await Client.connect(address, { token: "t", timeoutMs: 1_000 }).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
  expect(String(error)).toContain(address);
});

test("a scheduler that accepts and then says nothing is told within the timeout", async () => {
  // It reads, so that it notices when we hang up.
  const silent = createServer((socket) => socket.resume());
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const connected = Client.connect(`ws://127.0.0.1:${port}`, { token: "t", timeoutMs: 500 });
  await expect(connected).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
  await new Promise((resolve) => silent.close(resolve));
});

test("a port that is taken is named, with what to do", async () => {
  const port = Number(new URL(cluster.address).port);
  const started = LocalCluster.start({ nWorkers: 1, port });
  await expect(started).rejects.toMatchObject({ name: "ConfigurationError", code: "PORT_IN_USE" });
  await expect(started).rejects.toThrow(new RegExp(`port ${port} .* choose another port`));
});

test("a cyclic graph is rejected whole, and its connection goes on", async () => {
  const client = await connectRaw(cluster);
  client.send({ op: "define-fn", fn: fnId(1), ref: { bundle: "muster", name: "none", entry: "call" } });
  client.send(
    submission([
      { future: futureId(1), deps: [futureId(2)] },
      { future: futureId(2), deps: [futureId(1)] },
      { future: futureId(3), deps: [] },
    ]),
  );
  const answer = await client.hear((message) => message.op === "rejected" || message.op === "accepted");
  expect(answer).toMatchObject({ op: "rejected", submission: 1, error: { code: "CYCLIC_GRAPH" } });
  client.send({ op: "info", request: 9 });
  const info = await client.hear((message) => message.op === "reply" && message.request === 9);
  expect(info).toMatchObject({ value: { tasks: { waiting: 0, queued: 0, processing: 0 } } });
  await client.close();
});

test("a bundle with a wrong hash is refused", async () => {
  const client = await connectRaw(cluster);
  const hash = createHash("sha256").update("something else").digest("hex");
  client.send({ op: "put-bundle", request: 1, hash, part: 0, parts: 1, bytes: new TextEncoder().encode("export {};") });
  const reply = await client.hear((message) => message.op === "reply" && message.request === 1);
  expect(reply).toMatchObject({ error: { code: "BAD_BUNDLE" } });
  client.send({ op: "has-bundles", request: 2, hashes: [hash] });
  const missing = await client.hear((message) => message.op === "reply" && message.request === 2);
  expect(missing).toMatchObject({ value: [hash] });
  await client.close();
});

test.each([
  [
    "imports a module that is not there",
    `import "no-such-module-anywhere"; export default () => 1;`,
    "CODE_FAILED",
    /no-such-module-anywhere/,
  ],
  [
    "throws while it is loaded",
    `throw new Error("cannot load today"); export default () => 1;`,
    "CODE_FAILED",
    /cannot load today/,
  ],
  ["lacks the task", `export const other = () => 1;`, "TASK_NOT_FOUND", /default/],
])("a bundle that %s fails its task", async (_what, code, expected, message) => {
  const client = await connectRaw(cluster);
  const bytes = new TextEncoder().encode(code);
  const hash = createHash("sha256").update(bytes).digest("hex");
  client.send({ op: "put-bundle", request: 1, hash, part: 0, parts: 1, bytes });
  expect(await client.hear((heard) => heard.op === "reply")).toMatchObject({ value: null });
  client.send({ op: "define-fn", fn: fnId(1), ref: { bundle: hash, name: "", entry: "call" } });
  client.send(submission([{ future: futureId(1), deps: [] }]));
  const failed = await client.hear((heard) => heard.op === "failed" || heard.op === "finished");
  expect(failed).toMatchObject({ op: "failed", error: { code: expected } });
  const { error } = failed as Extract<SchedulerToClient, { op: "failed" }>;
  expect(JSON.stringify(error)).toMatch(message);
  await client.close();
});

test("what is no message closes that connection alone", async () => {
  const client = await Client.connect(cluster);
  const raw = await connectRaw(cluster);
  raw.send({ op: "no such thing" } as never);
  expect(await raw.hungUp).toMatchObject({ code: expect.stringMatching(/BAD_FRAME|CONNECTION_LOST|CLOSED/) });
  expect(await client.submit(inc, [1])).toBe(2);
  await client.close();
});
