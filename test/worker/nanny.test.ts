import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fnId, taskId } from "../../protocol/ids.ts";
import { encodeValue } from "../../protocol/value.ts";
import { Nanny, type NannyOptions } from "../../worker/nanny.ts";
import { eventually } from "../eventually.ts";
import { isAlive } from "./executor/processes.ts";
import { FakeScheduler, type SeenWorker, token } from "./fake-scheduler.ts";

let tmpdir: string;
const tmpdirOfAll = process.env["TMPDIR"];
beforeAll(async () => {
  // Of its own, so that what other tests leave for a moment is not counted here.
  tmpdir = await mkdtemp(join(os.tmpdir(), "muster-test-"));
  process.env["TMPDIR"] = tmpdir;
});
afterAll(async () => {
  if (tmpdirOfAll === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = tmpdirOfAll;
  await rm(tmpdir, { recursive: true });
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startScheduler(): Promise<FakeScheduler> {
  const scheduler = await FakeScheduler.start();
  cleanups.push(() => scheduler.close());
  return scheduler;
}

async function startNanny(scheduler: { address: string }, options: Partial<NannyOptions> = {}): Promise<Nanny> {
  const nanny = await Nanny.start({
    address: scheduler.address,
    token,
    slots: 1,
    name: "w",
    memoryLimitBytes: 0,
    ...options,
  });
  cleanups.push(() => nanny.close());
  return nanny;
}

/** What workers have left in the directory for temporary files. */
const leftFiles = (): Promise<string[]> => readdir(tmpdir);

/** The processes that a process has started and that still run. */
async function childrenOf(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, "utf8")));
  return lists
    .flatMap((list) => list.trim().split(" "))
    .filter((text) => text !== "")
    .map(Number);
}

/** Runs the default export of a module in the worker as task 1; resolves once it runs. */
async function run(seen: SeenWorker, source: string): Promise<void> {
  const code = Buffer.from(source);
  const hash = createHash("sha256").update(code).digest("hex");
  seen.send({ op: "define-fn", fn: fnId(1), ref: { bundle: hash, name: "", entry: "call" } });
  seen.send({
    op: "compute",
    task: taskId(1),
    attempt: 1,
    key: "key-1",
    fn: fnId(1),
    args: encodeValue([]),
    inputs: [],
    priority: [0],
    timeoutMs: 0,
    resources: {},
    run: "run",
  });
  await seen.hears("get-bundle");
  seen.send({ op: "bundle", hash, part: 0, parts: 1, bytes: code });
  await seen.hears("started");
}

describe("a nanny", () => {
  it("starts a worker process, tells what it writes, and ends it", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler);
    const seen = await scheduler.worker(0);
    expect(seen.registration).toMatchObject({ name: "w", pid: nanny.pid, address: nanny.address });
    expect([nanny.status, nanny.pid === process.pid]).toEqual(["running", false]);
    await run(seen, `export default () => { console.log("hello from the task"); return 1; }`);
    await seen.hears("done");
    await eventually("the task's line", () => nanny.logs().some((line) => line.includes("hello from the task")));

    const { pid } = nanny;
    await Promise.all([nanny.close(), nanny.close()]);
    await nanny.closed;
    expect([nanny.status, nanny.pid, isAlive(pid as number)]).toEqual(["ended", undefined, false]);
    await seen.hears("goodbye");
    expect(await leftFiles()).toEqual([]);
  });

  it("keeps options and token out of the arguments and environment of the worker process", async () => {
    process.env["MUSTER_TOKEN"] = token;
    try {
      const nanny = await startNanny(await startScheduler());
      const [args, environment] = await Promise.all(
        ["cmdline", "environ"].map((file) => readFile(`/proc/${nanny.pid}/${file}`, "utf8")),
      );
      expect(args).not.toContain(token);
      expect(environment).not.toContain(token);
    } finally {
      delete process.env["MUSTER_TOKEN"];
    }
  });

  it("replaces a worker process that was killed, and tells the scheduler how it ended", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler);
    const seen = await scheduler.worker(0);
    await run(seen, `export default () => { console.log("last words"); for (;;); }`);
    await eventually("the task's line", () => nanny.logs().some((line) => line.includes("last words")));
    const pid = nanny.pid as number;
    process.kill(pid, "SIGKILL");
    const next = await scheduler.worker(1);
    expect(next.registration.predecessor).toMatchObject({ pid, exitCode: null, signal: "SIGKILL" });
    expect(next.registration.predecessor?.lastLogLines.join()).toContain("last words");
    await eventually("the new pid", () => nanny.status === "running" && nanny.pid === next.registration.pid);
    expect(next.registration).toMatchObject({ name: "w" });
  });

  it("starts a fresh process when the scheduler asks for it, and none when it stops the worker", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler);
    (await scheduler.worker(0)).send({ op: "stop", how: "now", restart: true, reason: "restart" });
    const next = await scheduler.worker(1);
    expect(next.registration.predecessor?.exitCode).not.toBe(0);
    next.send({ op: "stop", how: "now", restart: false, reason: "retired" });
    await nanny.closed;
    expect(nanny.status).toBe("ended");
  });

  it("drains: the running task's result is told first", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler);
    const seen = await scheduler.worker(0);
    await run(seen, `export default () => new Promise((resolve) => setTimeout(resolve, 300, 1))`);
    await nanny.close({ drain: true });
    const ops = seen.said.map(({ op }) => op).filter((op) => op !== "heartbeat" && op !== "log");
    expect(ops.slice(-4)).toEqual(["started", "status", "done", "goodbye"]);
  });

  it("closes although a task never ends, in a thread or in a process, and although its worker is frozen", async () => {
    const scheduler = await startScheduler();
    for (const [index, executor] of (["threads", "processes"] as const).entries()) {
      const nanny = await startNanny(scheduler, { executor, name: executor, graceMs: 300 });
      const seen = await scheduler.worker(index);
      await run(seen, `export default () => { for (;;); }`);
      const pid = nanny.pid as number;
      if (executor === "processes") process.kill(pid, "SIGSTOP");
      await nanny.close();
      expect(isAlive(pid)).toBe(false);
    }
  });

  it("replaces a process that sits in native code, with all that its tasks started", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler);
    const seen = await scheduler.worker(0);
    const { pid } = nanny;
    await run(
      seen,
      `import { execFileSync } from "node:child_process";
       export default () => { execFileSync("sleep", ["1000"], { stdio: "ignore" }); }`,
    );
    const sleeping = await eventually("the task's own process", () => childrenOf(pid as number).then((all) => all[0]));
    seen.send({ op: "cancel", task: taskId(1), attempt: 1, force: true, reason: "test" });
    const next = await scheduler.worker(1);
    expect(next.registration.predecessor).toMatchObject({ pid, signal: "SIGKILL" });
    expect(next.registration.predecessor?.lastLogLines.join()).toContain("native code");
    await seen.hears("goodbye");
    await eventually("the end of what the task started", () => !isAlive(sleeping));
  });

  it("gives up on a process that dies at every start, and tells its last words", async () => {
    process.env["NODE_OPTIONS"] = "--require=/nowhere/to/be-found.cjs";
    try {
      const start = startNanny(await startScheduler());
      await expect(start).rejects.toMatchObject({
        code: "WORKER_LOST",
        message: expect.stringContaining("be-found.cjs"),
      });
    } finally {
      delete process.env["NODE_OPTIONS"];
    }
  });

  it("ends with an error when the scheduler stays away", async () => {
    const scheduler = await startScheduler();
    const nanny = await startNanny(scheduler, { deathTimeoutMs: 200 });
    await scheduler.close();
    await expect(nanny.closed).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
    expect([nanny.status, nanny.pid]).toEqual(["ended", undefined]);
  });

  it.each([
    ["BAD_TOKEN", { token: "wrong" }],
    ["SCHEDULER_UNREACHABLE", { address: "ws://127.0.0.1:1", deathTimeoutMs: 100 }],
    ["BAD_ADDRESS", { host: "192.0.2.1" }],
    ["BAD_OPTION", { slots: -1 }],
  ] as const)("rejects with the worker's own error: %s", async (code, options) => {
    const scheduler = await startScheduler();
    await expect(startNanny(scheduler, options)).rejects.toMatchObject({ code });
    expect(await leftFiles()).toEqual([]);
  });
});

describe("a worker without its nanny", () => {
  it.each(["threads", "processes"] as const)("ends itself at once, with its slots: %s", async (executor) => {
    const scheduler = await startScheduler();
    const script = fileURLToPath(new URL("./doomed-nanny.ts", import.meta.url));
    const nanny: ChildProcess = spawn(process.execPath, [script, scheduler.address, token, executor], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanups.push(async () => nanny.kill("SIGKILL"));
    const seen = await scheduler.worker(0);
    await run(seen, `export default () => { for (;;); }`);
    nanny.kill("SIGKILL");
    await once(nanny, "exit");
    await eventually("the end of the worker process", () => !isAlive(seen.registration.pid));
    await eventually("the removal of its files", async () => (await leftFiles()).length === 0);
  });
});
