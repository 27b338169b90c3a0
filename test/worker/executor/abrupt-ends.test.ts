import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { watchLeaks } from "../../e2e/leaks.ts";
import { eventually } from "../../eventually.ts";
import { isEnd, kinds, SlotRig } from "./slot-rig.ts";

const MiB = 2 ** 20;

describe.each(kinds)("abrupt ends in %s", (kind) => {
  watchLeaks();
  let rig: SlotRig;
  beforeEach(async () => {
    rig = await SlotRig.start({ kind, graceMs: 50, maxHeapBytes: 64 * MiB });
  });
  afterEach(async () => {
    // Whatever happened, the slot is usable, and every job was answered once.
    expect(rig.pool.free).toBe(1);
    expect(await rig.run("export default () => 1")).toMatchObject({ kind: "done" });
    const ends = rig.events.filter(isEnd).map((end) => end.job);
    expect(ends).toEqual([...new Set(ends)]);
    await rig.close();
  });

  test.each([
    ["at once", "export default () => { process.exit(3) }"],
    ["later", "export default () => new Promise(() => setTimeout(() => process.exit(3), 1))"],
    ["while its module is loaded", "process.exit(3)"],
  ])("process.exit called %s fails the task, and says where", async (_, source) => {
    expect(await rig.run(source, [], { key: "k" })).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_EXITED",
        message: 'Task "k" called process.exit(3): return a value or throw an error instead',
        details: { key: "k", exitCode: 3 },
        cause: {
          message: "process.exit(3) was called here",
          stack: expect.stringMatching(/^[^\n]*\n[^\n]*bundle1\.mjs:1:/),
        },
      },
    });
  });

  test("code that a task left behind is told apart from the task that it takes down", async () => {
    const leaver = await rig.bundle(
      "export default () => { setInterval(() => globalThis.leave && process.exit(0), 1) }",
    );
    await rig.end(rig.submit(leaver, [], { key: "leaver" }));
    const victim = "export default () => { globalThis.leave = true; return new Promise(() => {}) }";
    expect(await rig.run(victim, [], { key: "victim" })).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_EXITED",
        message: expect.stringMatching(
          /^Code that task "leaver" had left behind called process\.exit\(0\) while task "victim" ran/,
        ),
      },
    });
  });

  test("a heap that overflows", async () => {
    // In many pieces: Node contains in a thread only what overflows while garbage is collected.
    const source =
      'export default () => { const kept = []; for (;;) kept.push((kept.length + "-").repeat(2_000).split("").join("")) }';
    expect(await rig.run(source, [], { key: "k" })).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_OUT_OF_MEMORY",
        message: expect.stringMatching(
          /^Task "k" overflowed the heap of its (thread|process), which may grow to \d+(\.\d)? MiB: /,
        ),
      },
    });
  });

  test.each([
    ["an exception", 'setTimeout(() => { throw new RangeError("astray") }, 1)'],
    ["a rejection", 'setTimeout(() => void Promise.reject(new RangeError("astray")), 1)'],
  ])("%s that nobody catches fails the task whose code it is", async (_, source) => {
    expect(await rig.run(`export default () => new Promise(() => { ${source} })`, [], { key: "k" })).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_FAILED",
        message: 'Task "k" failed in code that it started and did not await: RangeError: astray',
        cause: { name: "RangeError", stack: expect.stringContaining("bundle1.mjs:1:") },
      },
    });
  });

  test("after the end of its task it is logged for that task, and the next one goes on", async () => {
    const leaver = rig.submit(
      await rig.bundle(
        'export default () => { setInterval(() => globalThis.next && (globalThis.next(), Promise.reject(new Error("late"))), 1) }',
      ),
      [],
      { key: "leaver" },
    );
    await rig.end(leaver);
    expect(
      await rig.run(
        "export default () => new Promise((resolve) => { globalThis.next = () => { globalThis.next = undefined; setTimeout(resolve, 5) } })",
      ),
    ).toMatchObject({ kind: "done" });
    expect(await rig.line('After the end of the task: TaskError: Task "leaver" failed in code')).toMatchObject({
      job: leaver,
      stream: "stderr",
    });
  });
});

test("a process that a signal ends is replaced, and the task is told of the signal", async () => {
  const rig = await SlotRig.start({ kind: "processes" });
  try {
    const source = 'export default () => { process.kill(process.pid, "SIGKILL"); for (;;); }';
    expect(await rig.run(source, [], { key: "k" })).toMatchObject({
      kind: "failed",
      error: {
        code: "TASK_EXITED",
        message: 'The process that ran task "k" was ended by SIGKILL before the task had ended',
        details: { signal: "SIGKILL", exitCode: null },
      },
    });
    const aborted = await rig.run("export default () => process.abort()", [], { key: "k" });
    expect(aborted).toMatchObject({ error: { code: "TASK_EXITED", details: { signal: "SIGABRT" } } });
  } finally {
    await rig.close();
  }
});

test("an idle process that is killed is replaced", async () => {
  const rig = await SlotRig.start({ kind: "processes" });
  try {
    const [pid] = rig.pool.pids();
    process.kill(pid as number, "SIGKILL");
    await eventually("a successor", () => rig.pool.pids()[0] !== pid && rig.pool.free === 1);
    expect(await rig.run("export default () => 1")).toMatchObject({ kind: "done" });
  } finally {
    await rig.close();
  }
});
