import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fnId, type TaskId, taskId } from "../../protocol/ids.ts";
import type { Assignment, Input } from "../../protocol/messages.ts";
import { PeerLinks } from "../../protocol/transfer.ts";
import { decodeValue, encodeValue, Ref } from "../../protocol/value.ts";
import { Worker } from "../../worker/worker.ts";
import type { WorkerOptions } from "../../worker/worker-options.ts";
import { eventually } from "../eventually.ts";
import { FakeScheduler, type SeenWorker, token } from "./fake-scheduler.ts";

const mib = 2 ** 20;
const limitBytes = 40 * mib;
const t = (number: number): TaskId => taskId(number);

const code = Buffer.from(`
export default (what, x, all) => {
  if (what === "make") return new Uint8Array(x).fill(7);
  if (what === "sum") return all.reduce((sum, bytes) => sum + bytes.reduce((a, b) => a + b, 0), 0);
  if (what === "wait") return new Promise((resolve) => setTimeout(resolve, 1e6));
}`);
const bundle = createHash("sha256").update(code).digest("hex");

const cleanups: (() => Promise<unknown>)[] = [];
let localDirectory: string;
/** What the system says of the process's size: nothing of interest, until a test has something to say. */
let processBytes: number;
beforeEach(async () => {
  processBytes = 1;
  localDirectory = await mkdtemp(join(os.tmpdir(), "muster-memory-"));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  expect(await spillDirectories()).toEqual([]);
  await rm(localDirectory, { recursive: true });
});

const spillDirectories = async (): Promise<string[]> =>
  (await readdir(localDirectory)).filter((name) => name.startsWith("spill-"));

async function spilledFiles(): Promise<string[]> {
  const lists = (await spillDirectories()).map(async (name) => {
    const files = await readdir(join(localDirectory, name));
    return files.map((file) => join(localDirectory, name, file)).filter((path) => path.endsWith(".value"));
  });
  return (await Promise.all(lists)).flat();
}

/** A worker that knows its function, and the scheduler's view of it. */
async function start(options: Partial<WorkerOptions> = {}): Promise<{ worker: Worker; seen: SeenWorker }> {
  const scheduler = await FakeScheduler.start();
  cleanups.push(() => scheduler.close());
  const worker = await Worker.start(
    {
      address: scheduler.address,
      token,
      slots: 1,
      name: "w",
      memoryLimitBytes: limitBytes,
      executor: "processes",
      localDirectory,
      ...options,
    },
    { memoryBytes: () => processBytes },
  );
  cleanups.push(() => worker.close());
  const seen = await scheduler.worker(0);
  seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
  return { worker, seen };
}

async function serveCode(seen: SeenWorker): Promise<void> {
  await seen.hears("get-bundle");
  seen.send({ op: "bundle", hash: bundle, part: 0, parts: 1, bytes: code });
}

function compute(task: number, args: unknown[], changes: Partial<Assignment> = {}): Assignment {
  return {
    op: "compute",
    task: t(task),
    attempt: 1,
    key: `key-${task}`,
    fn: fnId(1),
    args: encodeValue(args),
    inputs: [],
    priority: [task],
    timeoutMs: 0,
    resources: {},
    run: "run",
    ...changes,
  };
}

/** Has the worker make values of 1 MiB: tasks 1 to `count`. */
async function makeValues(seen: SeenWorker, count: number): Promise<Input[]> {
  for (let task = 1; task <= count; task++) seen.send(compute(task, ["make", mib]));
  await serveCode(seen);
  for (let task = 1; task <= count; task++) await seen.hears("done", (done) => done.task === t(task));
  return Array.from({ length: count }, (_, index) => ({ task: t(index + 1), bytes: mib, addresses: [] }));
}

const links = (): PeerLinks => {
  const made = new PeerLinks({ token, name: "test" });
  cleanups.push(() => made.close());
  return made;
};

describe("a worker whose results outgrow its memory", () => {
  it("spills, runs tasks on what it spilled, gives it to peers, deletes what is freed, and leaves nothing", async () => {
    const { worker, seen } = await start();
    const inputs = await makeValues(seen, 32);
    await eventually("files", async () => ((await spilledFiles()).length >= 8 ? true : undefined));

    const all = inputs.map((_, index) => new Ref(index));
    seen.send(compute(100, ["sum", 0, all], { inputs }));
    await seen.hears("done", ({ task }) => task === t(100));
    const answer = await links().get(worker.address, [t(1), t(32), t(100)]);
    const [first, last, sum] = [1, 32, 100].map((task) => decodeValue(answer.get(t(task)) as Uint8Array[]));
    expect(sum).toBe(32 * mib * 7);
    expect([first, last].map((value) => (value as Uint8Array).byteLength)).toEqual([mib, mib]);
    await seen.hears("heartbeat", ({ storedBytes }) => storedBytes > 32 * mib);
    for (const way of ["write", "read"] as const) {
      const use = await seen.hears("disk", ({ direction }) => direction === way);
      expect(use.bytes).toBeGreaterThan(mib);
      expect(use.endMs).toBeGreaterThanOrEqual(use.startMs);
    }

    seen.send({ op: "free", tasks: inputs.map(({ task }) => task) });
    await eventually("no file", async () => ((await spilledFiles()).length === 0 ? true : undefined));
  });

  it("goes without a result that cannot be read back, and says so, for a task and for a peer", async () => {
    const { worker, seen } = await start();
    const inputs = await makeValues(seen, 32);
    await eventually("files", async () => ((await spilledFiles()).length >= 8 ? true : undefined));
    for (const path of await spilledFiles()) await rm(path);
    expect((await links().get(worker.address, [t(1)])).get(t(1))).toBe("absent");
    await seen.hears("dropped", ({ task }) => task === t(1));

    const [, second = { task: t(2), bytes: mib, addresses: [] }] = inputs;
    seen.send(compute(100, ["sum", 0, [new Ref(0)]], { inputs: [second] }));
    expect(await seen.hears("failed")).toMatchObject({ task: t(100), blame: "infrastructure" });
    const ops = seen.said.map((message) => (message.op === "dropped" ? `dropped ${message.task}` : message.op));
    expect(ops.indexOf("dropped 2")).toBeGreaterThan(0);
    expect(ops.indexOf("dropped 2")).toBeLessThan(ops.indexOf("failed"));
    seen.send(compute(101, ["make", 1]));
    await seen.hears("done", ({ task }) => task === t(101));
  });

  it("takes back a task whose inputs are still being read", async () => {
    const { seen } = await start();
    const inputs = await makeValues(seen, 32);
    seen.send(compute(100, ["sum", 0, []], { inputs }), {
      op: "cancel",
      task: t(100),
      attempt: 1,
      force: true,
      reason: "test",
    });
    await seen.hears("cancelled");
    seen.send(compute(101, ["make", 1]));
    await seen.hears("done", ({ task }) => task === t(101));
    expect(seen.said.some((message) => message.op === "done" && message.task === t(100))).toBe(false);
  });
});

describe("a worker whose process outgrows its memory", () => {
  it("spills what it can, takes no more tasks, and goes on when it is smaller", async () => {
    const { worker, seen } = await start();
    await makeValues(seen, 4);
    processBytes = 0.75 * limitBytes;
    await eventually("files", async () => ((await spilledFiles()).length === 4 ? true : undefined));
    expect(seen.said.some(({ op }) => op === "status")).toBe(false);

    seen.send(compute(50, ["wait"]));
    await seen.hears("started", ({ task }) => task === t(50));
    expect(worker.runningKeys).toEqual(["key-50"]);
    processBytes = 0.9 * limitBytes;
    await seen.hears("status", ({ status }) => status === "paused");
    await seen.hears("heartbeat", ({ memoryBytes }) => memoryBytes === processBytes);
    seen.send({ op: "cancel", task: t(50), attempt: 1, force: true, reason: "test" }, compute(51, ["make", 1]));
    await seen.hears("cancelled");
    processBytes = 1;
    await seen.hears("status", ({ status }) => status === "running");
    await seen.hears("done", ({ task }) => task === t(51));
    const ops = seen.said.filter((message) => message.op === "status" || ("task" in message && message.task === t(51)));
    expect(ops.map(({ op }) => op)).toEqual(["status", "status", "started", "done"]);
  });

  it("looks at nothing without a limit", async () => {
    const { seen } = await start({ memoryLimitBytes: 0 });
    processBytes = Number.MAX_SAFE_INTEGER;
    await makeValues(seen, 2);
    await seen.hears("heartbeat", ({ memoryBytes }) => memoryBytes === processBytes);
    expect(seen.said.some(({ op }) => op === "status")).toBe(false);
    expect(await spilledFiles()).toEqual([]);
  });
});
