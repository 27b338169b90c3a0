import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WireError } from "../../../protocol/errors.ts";
import { encodeValue, Ref } from "../../../protocol/value.ts";
import type { JobEnd } from "../../../worker/executor/slot-pool.ts";
import { kinds, SlotRig } from "./slot-rig.ts";

const errorOf = (end: JobEnd): WireError => {
  expect(end.kind).toBe("failed");
  if (end.kind !== "failed") throw new Error("unreachable");
  return end.error;
};

const registry = new URL("../../../protocol/task-registry.ts", import.meta.url).href;

describe.each(kinds)("failures in %s", (kind) => {
  let rig: SlotRig;
  beforeEach(async () => {
    rig = await SlotRig.start({ kind });
  });
  afterEach(async () => {
    // Whatever failed, the slot is usable.
    expect(await rig.run("export default () => 1")).toMatchObject({ kind: "done" });
    await rig.close();
  });
  const fail = async (source: string, args: readonly unknown[] = []): Promise<WireError> =>
    errorOf(await rig.run(source, args, { key: "k" }));

  test("a thrown error arrives with name, message, stack and causes", async () => {
    const error = await fail(`
      function deep() { throw new TypeError("boom", { cause: new RangeError("below", { cause: "a string" }) }) }
      export default async () => { await null; deep() }
    `);
    expect(error).toMatchObject({
      code: "TASK_FAILED",
      message: 'Task "k" failed: TypeError: boom',
      name: "TaskError",
      details: { key: "k" },
      cause: { name: "TypeError", message: "boom", cause: { name: "RangeError", message: "below" } },
    });
    const frames = error.cause?.stack?.split("\n").slice(1) ?? [];
    expect(frames.map((frame) => frame.replace(/\(.*\//, "("))).toEqual([
      expect.stringMatching(/^ {4}at deep \(bundle1\.mjs:2:31\)$/),
      expect.stringContaining("bundle1.mjs:3:"),
    ]);
    expect(error.stack).toBe(`TaskError: Task "k" failed: TypeError: boom\n${frames.join("\n")}`);
  });

  test("a stack names the user's own file and line when the bundle has a source map", async () => {
    // Line 1 of the bundle stems from line 41, column 3 of /home/me/flow.ts.
    const map = { version: 3, sources: ["/home/me/flow.ts"], names: [], mappings: "AAwCE" };
    const url = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString("base64")}`;
    const error = await fail(`export default () => { throw new Error("mapped") }\n//# sourceMappingURL=${url}\n`);
    expect(error.cause?.stack).toContain("/home/me/flow.ts:41:3");
    expect(error.stack).toContain("/home/me/flow.ts:41:3");
    expect(error.cause?.stack).not.toContain("worker/executor");
  });

  test.each([
    ['"boom"', 'Task "k" threw a string, not an Error: "boom"'],
    ["undefined", 'Task "k" threw undefined, not an Error'],
    ["null", 'Task "k" threw null, not an Error'],
    ["{ code: 3 }", 'Task "k" threw an object, not an Error: { code: 3 }'],
    ["42", 'Task "k" threw a number, not an Error: 42'],
    ["{ get code() { throw 1 } }", 'Task "k" threw an object, not an Error: { code: [Getter] }'],
  ])("a thrown %s is told as what it is", async (thrown, message) => {
    expect(await fail(`export default () => { throw ${thrown} }`)).toMatchObject({ code: "TASK_FAILED", message });
  });

  test("a result that cannot be sent is refused with its path", async () => {
    expect(await fail("export default () => ({ rows: [1, { callback() {} }] })")).toMatchObject({
      code: "UNSENDABLE_VALUE",
      message: expect.stringMatching(
        /^Task "k" returned a value that cannot be sent: result\.rows\[1\]\.callback is a function/,
      ),
      details: { path: "result.rows[1].callback" },
    });
  });

  test("a bundle that imports a missing module names it", async () => {
    expect(await fail('import "no-such-module"; export default () => 1')).toMatchObject({
      code: "CODE_FAILED",
      message: expect.stringMatching(
        /^Task "k" cannot run: its code needs the module "no-such-module", which is not there.*Install it/,
      ),
      details: { module: "no-such-module" },
    });
  });

  test("a bundle that throws while it is loaded says so, each time", async () => {
    const code = await rig.bundle('throw new RangeError("top level")');
    for (const _ of [1, 2]) {
      expect(errorOf(await rig.end(rig.submit(code, [], { key: "k" })))).toMatchObject({
        code: "CODE_FAILED",
        message: 'Task "k" cannot run: its module could not be loaded: RangeError: top level',
        cause: { name: "RangeError", stack: expect.stringMatching(/bundle1\.mjs:1/) },
      });
    }
  });

  test("a bundle that is no JavaScript, and one that is not there", async () => {
    expect((await fail("export default (")).message).toContain("SyntaxError");
    const absent = { ...(await rig.bundle("")), codePath: "/nowhere/bundle.mjs" };
    expect(errorOf(await rig.end(rig.submit(absent)))).toMatchObject({
      code: "CODE_FAILED",
      message: expect.stringContaining("/nowhere/bundle.mjs"),
    });
  });

  test("a name that the module does not define is answered with those that it does", async () => {
    const register = (name: string): string =>
      `registerTask({ name: "${name}", file: import.meta.filename, line: 1, task: {}, fn() {} });`;
    const source = `import { registerTask } from "${registry}"; ${register("one")} ${register("two")}`;
    const error = errorOf(await rig.end(rig.submit(await rig.bundle(source, "three"), [], { key: "k" })));
    expect(error).toMatchObject({
      code: "TASK_NOT_FOUND",
      message: expect.stringMatching(
        /^Task "k" cannot run: its module does not define a task named "three", but "one", "two"\./,
      ),
    });
    expect((await fail("export const x = 1")).message).toContain("no function as its default export");
  });

  test("a task is called through its entry; an entry that nobody knows is named", async () => {
    const source = `
      import { registerEntry, registerTask } from "${registry}";
      registerTask({ name: "one", file: import.meta.filename, line: 1, task: {}, fn: (x) => x + 1 });
      registerEntry("doubled", (definition) => (x) => 2 * definition.fn(x));
    `;
    const code = await rig.bundle(source, "one");
    const through = async (entry: string): Promise<JobEnd> =>
      rig.end(rig.submit({ ...code, fn: { ...code.fn, entry } }, [3]));
    expect(await through("doubled")).toMatchObject({ kind: "done", value: encodeValue(8) });
    expect(errorOf(await through("unheard-of"))).toMatchObject({
      code: "TASK_NOT_FOUND",
      message: expect.stringContaining('has no entry "unheard-of"'),
    });
  });

  test("Muster's own tasks need no file", async () => {
    const own = (name: string): number =>
      rig.submit({ fn: { bundle: "muster", name, entry: "call" }, codePath: undefined }, [1, 1]);
    expect(await rig.end(own("compareValue"))).toMatchObject({ kind: "done" });
    expect(errorOf(await rig.end(own("none")))).toMatchObject({
      code: "TASK_NOT_FOUND",
      message: expect.stringContaining('"compareValue"'),
    });
  });

  test("two tasks of one name", async () => {
    const register = (line: number): string =>
      `registerTask({ name: "same", file: import.meta.filename, line: ${line}, task: {}, fn() {} });`;
    const source = `import { registerTask } from "${registry}"; ${register(1)} ${register(2)}`;
    const error = errorOf(await rig.end(rig.submit(await rig.bundle(source, "same"))));
    expect(error).toMatchObject({ code: "CODE_FAILED", cause: { code: "DUPLICATE_TASK" } });
  });

  test("inputs and arguments that cannot be read", async () => {
    const code = await rig.bundle("export default () => 1");
    const end = await rig.end(
      rig.submit(code, [], { key: "k", args: encodeValue([new Ref(0)]), inputs: [[new Uint8Array(0)]] }),
    );
    expect(errorOf(end)).toMatchObject({
      code: "UNREADABLE_VALUE",
      message: expect.stringMatching(/^Task "k" cannot read its inputs: /),
    });
  });
});
