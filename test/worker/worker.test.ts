import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { fnId, type TaskId, taskId } from "../../protocol/ids.ts";
import type { Assignment, EncodedValue } from "../../protocol/messages.ts";
import { PeerLinks } from "../../protocol/transfer.ts";
import { decodeValue, encodeValue, Ref } from "../../protocol/value.ts";
import { Worker } from "../../worker/worker.ts";
import type { WorkerOptions } from "../../worker/worker-options.ts";
import { FakeScheduler, type SeenWorker, token } from "./fake-scheduler.ts";

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const code = Buffer.from(`
export default async function (what, x) {
  if (what === "sum") return x.reduce((a, b) => a + b, 0);
  if (what === "throw") throw new TypeError("no such luck");
  if (what === "spin") for (;;);
  return x;
}`);
const bundle = createHash("sha256").update(code).digest("hex");
const t = (number: number): TaskId => taskId(number);

async function startScheduler(port?: number): Promise<FakeScheduler> {
  const scheduler = await FakeScheduler.start(port);
  cleanups.push(() => scheduler.close());
  return scheduler;
}

async function startWorker(address: string, options: Partial<WorkerOptions> = {}): Promise<Worker> {
  const worker = await Worker.start({ address, token, slots: 2, name: "w", memoryLimitBytes: 0, ...options });
  cleanups.push(() => worker.close());
  return worker;
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
    priority: [0],
    timeoutMs: 0,
    resources: {},
    run: "run",
    ...changes,
  };
}

/** Answers the worker's wish for the bundle, in two parts. */
async function serveCode(seen: SeenWorker): Promise<void> {
  seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
  await seen.hears("get-bundle", ({ hash }) => hash === bundle);
  seen.send({ op: "bundle", hash: bundle, part: 0, parts: 2, bytes: code.subarray(0, 10) });
  seen.send({ op: "bundle", hash: bundle, part: 1, parts: 2, bytes: code.subarray(10) });
}

async function resultOf(worker: Worker, task: number): Promise<unknown> {
  const links = new PeerLinks({ token, name: "test" });
  try {
    const value = (await links.get(worker.address, [t(task)])).get(t(task));
    return value === "absent" ? value : decodeValue(value as EncodedValue);
  } finally {
    await links.close();
  }
}

describe.each(["threads", "processes"] as const)("a worker with %s", (executor) => {
  it("registers, fetches code, runs tasks, moves results to another worker, and ends", async () => {
    const scheduler = await startScheduler();
    const one = await startWorker(scheduler.address, { executor, name: "one", resources: { GPU: 1 } });
    const two = await startWorker(scheduler.address, { executor, name: "two" });
    const seenOne = await scheduler.worker(0);
    const seenTwo = await scheduler.worker(1);
    expect(seenOne.registration).toMatchObject({
      name: "one",
      address: one.address,
      slots: 2,
      executor,
      resources: { GPU: 1 },
    });

    seenOne.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
    seenOne.send(compute(1, ["identity", 20]), compute(2, ["identity", 22]));
    await serveCode(seenOne);
    await seenOne.hears("done", ({ task }) => task === t(1));
    const done = await seenOne.hears("done", ({ task }) => task === t(2));
    expect(done.endMs).toBeGreaterThanOrEqual(done.startMs);
    expect(seenOne.said.filter(({ op }) => op === "get-bundle")).toHaveLength(1);

    const inputs = [1, 2].map((task) => ({ task: t(task), bytes: done.bytes, addresses: [one.address] }));
    seenTwo.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
    seenTwo.send(compute(3, ["sum", [new Ref(0), new Ref(1)]], { inputs }));
    await serveCode(seenTwo);
    await seenTwo.hears("stored", ({ task }) => task === t(1));
    const moved = await seenTwo.hears("transferred");
    expect(moved).toMatchObject({ address: one.address, tasks: 2, bytes: 2 * done.bytes });
    expect(moved.endMs).toBeGreaterThanOrEqual(moved.startMs);
    // Since 1970, not since the process began.
    expect(moved.startMs).toBeGreaterThan(1e12);
    await seenTwo.hears("done", ({ task }) => task === t(3));
    expect(await resultOf(two, 3)).toBe(42);

    seenTwo.send({ op: "free", tasks: [t(3)] });
    seenTwo.send(compute(4, ["throw"]));
    const failed = await seenTwo.hears("failed");
    expect(failed).toMatchObject({ task: t(4), blame: "task", error: { code: "TASK_FAILED" } });
    expect(JSON.stringify(failed.error)).toContain("no such luck");
    expect(await resultOf(two, 3)).toBe("absent");

    await one.close();
    await one.close();
    await seenOne.hears("goodbye");
  });

  it("stops a task that never ends", async () => {
    const scheduler = await startScheduler();
    await startWorker(scheduler.address, { executor });
    const seen = await scheduler.worker(0);
    seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } });
    seen.send(compute(1, ["spin"]));
    await serveCode(seen);
    await seen.hears("started");
    seen.send({ op: "cancel", task: t(1), attempt: 1, force: true, reason: "test" });
    await seen.hears("cancelled");
    seen.send(compute(1, ["identity", 1], { attempt: 2 }));
    await seen.hears("done", ({ attempt }) => attempt === 2);
  });
});

describe("a worker", () => {
  it("sends heartbeats", async () => {
    const scheduler = await startScheduler();
    await startWorker(scheduler.address);
    const heartbeat = await (await scheduler.worker(0)).hears("heartbeat");
    expect(heartbeat.memoryBytes).toBeGreaterThan(1_000_000);
  });

  it("holds what a client puts, and frees it", async () => {
    const scheduler = await startScheduler();
    const worker = await startWorker(scheduler.address);
    const seen = await scheduler.worker(0);
    const links = new PeerLinks({ token, name: "client" });
    cleanups.push(() => links.close());
    await links.put(worker.address, t(9), encodeValue({ big: new Float64Array(1e6).fill(7) }));
    expect((await seen.hears("stored")).bytes).toBeGreaterThan(8e6);
    const back = (await resultOf(worker, 9)) as { big: Float64Array };
    expect([back.big.length, back.big[999_999]]).toEqual([1e6, 7]);
    await seen.hears("heartbeat", ({ storedBytes }) => storedBytes > 8e6);
    seen.send({ op: "free", tasks: [t(9)] });
    await seen.hears("heartbeat", ({ storedBytes }) => storedBytes === 0);
  });

  it("fails tasks whose bundle the scheduler cannot give", async () => {
    const scheduler = await startScheduler();
    await startWorker(scheduler.address);
    const seen = await scheduler.worker(0);
    seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } }, compute(1, ["identity", 1]));
    await seen.hears("get-bundle");
    const error = { code: "BAD_BUNDLE", message: "no such bundle", retryable: false } as const;
    seen.send({ op: "bundle", hash: bundle, part: 0, parts: 1, bytes: new Uint8Array(), error });
    expect(await seen.hears("failed")).toMatchObject({ task: t(1), error: { code: "BAD_BUNDLE" }, blame: "task" });
  });

  it("runs what it is told to run now, although its only slot is busy", async () => {
    const scheduler = await startScheduler();
    await startWorker(scheduler.address, { slots: 1 });
    const seen = await scheduler.worker(0);
    seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } }, compute(1, ["spin"]));
    await serveCode(seen);
    await seen.hears("started");
    seen.send({ op: "run", request: 5, fn: fnId(1), args: encodeValue(["sum", [1, 2]]) });
    const { request, value } = await seen.hears("run-reply");
    expect([request, decodeValue(value as EncodedValue)]).toEqual([5, 3]);
  });

  it("drops everything and registers afresh when the scheduler comes back", async () => {
    const first = await startScheduler();
    const worker = await startWorker(first.address);
    const seen = await first.worker(0);
    seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } }, compute(1, ["identity", 1]));
    await serveCode(seen);
    await seen.hears("done");
    await first.close();
    const second = await startScheduler(first.port);
    const again = await second.worker(0);
    expect(again.registration).toMatchObject({ instance: seen.registration.instance, resuming: true });
    again.send({ op: "resume", kept: false });
    again.send({ op: "define-fn", fn: fnId(1), ref: { bundle, name: "", entry: "call" } }, compute(1, ["identity", 2]));
    await again.hears("done");
    expect(await resultOf(worker, 1)).toBe(2);
  });

  it("ends when the scheduler stays away, and says so", async () => {
    const scheduler = await startScheduler();
    const worker = await startWorker(scheduler.address, { deathTimeoutMs: 200 });
    await scheduler.close();
    expect(await worker.ended).toMatchObject({ end: "lost", error: { code: "SCHEDULER_UNREACHABLE" } });
    await expect(worker.closed).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
  });

  it("ends when it is told to, and leaves no file", async () => {
    const directory = await mkdtemp(join(os.tmpdir(), "muster-test-"));
    const { TMPDIR } = process.env;
    process.env["TMPDIR"] = directory;
    try {
      const scheduler = await startScheduler();
      const worker = await startWorker(scheduler.address);
      expect(await readdir(directory)).toHaveLength(1);
      (await scheduler.worker(0)).send({ op: "stop", how: "drain", restart: false, reason: "retired" });
      expect(await worker.ended).toMatchObject({ end: "stopped", reason: "retired" });
      await worker.closed;
      expect(await readdir(directory)).toEqual([]);
    } finally {
      if (TMPDIR === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = TMPDIR;
      await rm(directory, { recursive: true });
    }
  });

  it.each([
    ["BAD_TOKEN", { token: "wrong" }],
    ["SCHEDULER_UNREACHABLE", { address: "ws://127.0.0.1:1", deathTimeoutMs: 100 }],
    ["BAD_ADDRESS", { address: "http://nowhere" }],
    ["BAD_ADDRESS", { host: "192.0.2.1" }],
    ["BAD_OPTION", { slots: 0, resources: { GPU: -1 } }],
  ] as const)("does not start, with %s, given %j", async (code, options) => {
    const scheduler = await startScheduler();
    await expect(startWorker(scheduler.address, options)).rejects.toMatchObject({ code });
  });
});
