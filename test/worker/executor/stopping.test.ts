import { afterEach, describe, expect, test } from "vitest";
import { watchLeaks } from "../../e2e/leaks.ts";
import { eventually } from "../../eventually.ts";
import { isAlive } from "./processes.ts";
import { isEnd, kinds, SlotRig } from "./slot-rig.ts";

const context = new URL("../../../protocol/task-context.ts", import.meta.url).href;

/** Prints "running" and then waits; ends by itself only when its signal is aborted. */
const obedient = `
  import { taskContext } from "${context}";
  export default () => new Promise((resolve, reject) => {
    const { signal } = taskContext();
    signal.addEventListener("abort", () => {
      console.log("aborted: " + signal.reason.code + ": " + signal.reason.message);
      reject(signal.reason);
    });
    console.log("running");
  });
`;
const deaf = 'export default () => { console.log("running"); return new Promise(() => setInterval(() => {}, 1000)) }';
const endless = 'export default () => { console.log("running"); for (;;); }';

describe.each(kinds)("stopping in %s", (kind) => {
  watchLeaks();
  let rig: SlotRig;
  const start = async (graceMs: number): Promise<SlotRig> => {
    rig = await SlotRig.start({ kind, graceMs });
    return rig;
  };
  const submitRunning = async (source: string, timeoutMs = 0): Promise<number> => {
    const job = rig.submit(await rig.bundle(source), [], { key: "k", timeoutMs });
    await rig.line("running");
    return job;
  };
  const expectUsable = async (): Promise<void> => {
    expect(rig.pool.free).toBe(1);
    expect(await rig.run("export default () => 1")).toMatchObject({ kind: "done" });
    const ends = rig.events.filter(isEnd).map((end) => end.job);
    expect(ends).toEqual([...new Set(ends)]);
  };
  afterEach(() => rig.close());

  test.each([
    ["an endless loop", endless],
    ["a promise that never settles", deaf],
    ["an endless loop at the module's top level", 'console.log("running"); for (;;);'],
  ])("%s is ended by its timeout, and the slot is usable again", async (_, source) => {
    await start(50);
    const job = await submitRunning(source, 300);
    expect(await rig.end(job)).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_TIMED_OUT",
        message: 'Task "k" ran longer than its timeoutMs of 300 ms and was stopped',
        details: { key: "k", timeoutMs: 300 },
      },
    });
    await expectUsable();
  });

  test("one that obeys its signal at its timeout leaves its thread or process alive", async () => {
    await start(60_000);
    const place = 'import { threadId } from "node:worker_threads"; export default () => [process.pid, threadId]';
    const before = await rig.run(place);
    const job = await submitRunning(obedient, 300);
    expect(await rig.end(job)).toMatchObject({ kind: "failed", error: { code: "TASK_TIMED_OUT" } });
    await rig.line('aborted: TASK_TIMED_OUT: Task "k" ran longer than its timeoutMs of 300 ms and was stopped');
    expect(await rig.run(place)).toMatchObject({ value: (before as { value: unknown }).value });
  });

  test("a job within its timeout is left alone", async () => {
    await start(50);
    expect(await rig.run("export default () => 1", [], { timeoutMs: 60_000 })).toMatchObject({ kind: "done" });
  });

  test.each([
    ["an endless loop", endless, 0],
    ["an endless loop", endless, 50],
    ["a promise that never settles", deaf, 50],
    ["one that obeys its signal", obedient, 60_000],
  ])("%s is cancelled by force (grace of %3$i ms)", async (_, source, graceMs) => {
    await start(graceMs);
    const job = await submitRunning(source);
    rig.pool.cancel(job, true);
    rig.pool.cancel(job, true);
    expect(rig.pool.free).toBe(0);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await expectUsable();
  });

  test("one that is stopped as soon as it is handed over costs no thread or process, begun or not", async () => {
    await start(60_000);
    const job = rig.submit(await rig.bundle(obedient));
    rig.pool.cancel(job, true);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await expectUsable();
  });

  test("one that is stopped while its code is loaded is not begun, and costs no thread or process", async () => {
    await start(60_000);
    const loading = 'console.log("loading"); await new Promise((resolve) => setTimeout(resolve, 300));';
    const job = rig.submit(await rig.bundle(`${obedient}${loading}`));
    await rig.line("loading");
    rig.pool.cancel(job, true);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await expectUsable();
    expect(rig.events.filter((event) => event.kind === "log" && event.line === "running")).toEqual([]);
  });

  test("cancelled without force, it runs to its end and its result is thrown away", async () => {
    await start(0);
    const code = await rig.bundle('export default async () => { await null; console.log("to the end"); return 1 }');
    const job = rig.submit(code);
    rig.pool.cancel(job, false);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await rig.line("to the end");
    await expectUsable();
  });

  test("a cancellation without force can be followed by one with force", async () => {
    await start(0);
    const job = await submitRunning(endless);
    rig.pool.cancel(job, false);
    rig.pool.cancel(job, true);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await expectUsable();
  });

  test("a timeout stops one that was cancelled without force, too", async () => {
    await start(0);
    const job = await submitRunning(endless, 300);
    rig.pool.cancel(job, false);
    expect(await rig.end(job)).toEqual({ kind: "cancelled", job });
    await expectUsable();
  });

  test("cancelling what has ended, or never was, changes nothing", async () => {
    await start(0);
    await rig.run("export default () => 1");
    rig.pool.cancel(1, true);
    rig.pool.cancel(99, true);
    await expectUsable();
  });

  test("stop ends what runs, answers it, and may be called again", async () => {
    await start(50);
    const job = await submitRunning(endless);
    await Promise.all([rig.pool.stop(), rig.pool.stop()]);
    expect(rig.events.filter(isEnd)).toEqual([{ kind: "cancelled", job }]);
    expect(rig.pool.free).toBe(0);
    expect(rig.pool.pids()).toEqual([]);
    await rig.pool.stop();
    expect(() => rig.pool.run({} as never)).toThrow();
  });

  test("stop while a killed slot is being replaced", async () => {
    await start(0);
    const job = await submitRunning(endless);
    rig.pool.cancel(job, true);
    await rig.pool.stop();
    expect(rig.events.filter(isEnd)).toEqual([{ kind: "cancelled", job }]);
  });
});

test("a forced end takes the children of user code along, even those that ignore SIGTERM", async () => {
  const rig = await SlotRig.start({ kind: "processes", graceMs: 0 });
  try {
    const code = await rig.bundle(`
      import { spawn } from "node:child_process";
      const script = 'process.on("SIGTERM", () => {}); console.log("child " + process.pid); setInterval(() => {}, 1000)';
      export default () => { spawn(process.execPath, ["-e", script], { stdio: "inherit" }); return new Promise(() => {}) }
    `);
    const job = rig.submit(code);
    const line = await rig.line("child ");
    const pid = Number(line.kind === "log" ? line.line.split(" ")[1] : "");
    expect(process.kill(pid, 0)).toBe(true);
    rig.pool.cancel(job, true);
    await rig.end(job);
    await eventually("the child's end", () => !isAlive(pid));
  } finally {
    await rig.close();
  }
});
