import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LineSplitter, lineCharsMax } from "../../../worker/executor/line-splitter.ts";
import { kinds, SlotRig } from "./slot-rig.ts";

const context = new URL("../../../protocol/task-context.ts", import.meta.url).href;

describe.each(kinds)("output of %s", (kind) => {
  let rig: SlotRig;
  beforeEach(async () => {
    rig = await SlotRig.start({ kind });
  });
  afterEach(() => rig.close());
  const lines = (): unknown[] =>
    rig.events.flatMap((event) => (event.kind === "log" ? [[event.job, event.stream, event.line]] : []));

  test("what a task prints comes line by line, with its number, before its end", async () => {
    await rig.run(`export default () => {
      console.log("one\\ntwo");
      console.error("three");
      process.stdout.write("fo");
      process.stdout.write(Buffer.from("ur\\r\\nfive"));
      process.stdout.write("73697821", "hex");
    }`);
    expect(lines()).toEqual([
      [1, "stdout", "one"],
      [1, "stdout", "two"],
      [1, "stderr", "three"],
      [1, "stdout", "four"],
      [1, "stdout", "fivesix!"],
    ]);
    expect(rig.events.at(-1)?.kind).toBe("done");
  });

  test("what it prints shows while it runs, even if it blocks", async () => {
    const job = rig.submit(await rig.bundle('export default () => { console.log("before"); for (;;); }'));
    expect(await rig.line("before")).toMatchObject({ job });
    rig.pool.cancel(job, true);
    await rig.end(job);
  });

  test("the context's log, and Node's warnings", async () => {
    await rig.run(`
      import { taskContext } from "${context}";
      export default async () => {
        taskContext().log.info({ rows: 3 }, "read");
        taskContext().log.child({ file: "a" }).warn({}, "odd");
        process.emitWarning("careful");
        await new Promise(setImmediate);
      }
    `);
    expect(lines().slice(0, 2)).toEqual([
      [1, "log", "read { rows: 3 }"],
      [1, "log", "odd { file: 'a' }"],
    ]);
    expect(lines()).toContainEqual([1, "stderr", "Warning: careful"]);
  });

  test("a line printed after the end of its task still names that task", async () => {
    await rig.run(
      'export default () => { setInterval(() => globalThis.next && console.log("late " + globalThis.next()), 1) }',
    );
    await rig.run(
      "export default () => new Promise((resolve) => { globalThis.next = () => { globalThis.next = undefined; resolve() } })",
    );
    expect(await rig.line("late")).toMatchObject({ job: 1 });
  });

  test("a loop that prints is cut short, and says so", async () => {
    // However slow this machine is, no second passes while it prints.
    const end = await rig.run(`export default () => {
      const { now } = performance;
      performance.now = () => 0;
      for (let i = 0; i < 10_500; i++) console.log(i);
      performance.now = now;
    }`);
    expect(end).toMatchObject({ kind: "done" });
    const printed = rig.events.filter((event) => event.kind === "log");
    expect(printed).toHaveLength(10_001);
    expect(printed.at(-1)).toMatchObject({
      stream: "log",
      level: "warn",
      line: expect.stringMatching(/^\(10000 lines within a second/),
    });
  });
});

test("a process's output past its console is seen, too", async () => {
  const rig = await SlotRig.start({ kind: "processes" });
  try {
    await rig.run('import { writeSync } from "node:fs"; export default () => { writeSync(1, "raw\\n") }');
    expect(await rig.line("raw")).toMatchObject({ stream: "stdout" });
  } finally {
    await rig.close();
  }
});

describe("line splitter", () => {
  const split = (...chunks: (string | Uint8Array)[]): string[] => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const chunk of chunks) splitter.write(chunk);
    splitter.flush();
    return lines;
  };

  test("lines across chunks, empty lines, and a character across chunks", () => {
    const euro = Buffer.from("€\n");
    expect(split("a", "b\n\nc", "\r\nd", "\n", euro.subarray(0, 1), euro.subarray(1))).toEqual([
      "ab",
      "",
      "c",
      "d",
      "€",
    ]);
    expect(split("a\n")).toEqual(["a"]);
    expect(split()).toEqual([]);
  });

  test("a line that is too long is cut, and says by how much", () => {
    const [long, next] = split("x".repeat(lineCharsMax - 1), "yz", "z".repeat(9), "\nnext");
    expect(long).toBe(`${"x".repeat(lineCharsMax - 1)}y… (10 more characters were cut)`);
    expect(next).toBe("next");
  });
});
