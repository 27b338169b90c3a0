import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MusterBench } from "./muster.ts";
import { until } from "./until.ts";

let bench: MusterBench;
beforeEach(() => {
  bench = new MusterBench();
});
afterEach(() => bench.close());

const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe("muster run", () => {
  test.each(["local", "threads", "processes", "cluster"])(
    "runs the only flow of a file with --executor %s",
    async (kind) => {
      const args = ["run", fixture("etl.flow.ts"), "--executor", kind, "--param", "n=4", "--param", "label=sum"];
      const { code, stderr } = await bench.run(args);
      expect(stderr).toMatch(/extract: 4\/4/);
      expect(stderr).toMatch(/etl: Success in .* \(\d+ tasks\): All reference tasks succeeded\.\n$/);
      expect(code).toBe(0);
    },
  );

  test("leaves stdout to the flow, and --quiet leaves stderr empty", async () => {
    const run = await bench.run(["run", fixture("etl.flow.ts"), "--quiet"]);
    expect(run).toEqual({ code: 0, stdout: "total 60\n", stderr: "" });
  });

  test("ends with 1 when the flow fails, and shows what the task threw", async () => {
    const { code, stderr } = await bench.run(["run", fixture("several.flow.ts"), "--name", "bad"]);
    expect(code).toBe(1);
    expect(stderr).toContain("this flow is meant to fail");
    expect(stderr).toContain("several.flow.ts:5");
    expect(stderr).toMatch(/bad: Failed in .*1 failed\): Some reference tasks failed\.\n/);
  });

  test("finds a flow that the file does not export", async () => {
    const { code, stderr } = await bench.run(["run", fixture("unexported.flow.ts")]);
    expect(stderr).toContain("unexported: Success");
    expect(code).toBe(0);
  });

  test.each([
    ["several.flow.ts", [], 2, 'has 2 flows ("good", "bad"): choose one with --name'],
    ["several.flow.ts", ["--name", "goood"], 2, 'has no flow "goood" (did you mean "good"?): it has "good", "bad"'],
    ["no-flow.ts", [], 2, "exports no flow: add one"],
    ["throwing.ts", [], 1, "thrown while it is imported"],
    ["etl.flow.ts", ["--param", "m=3"], 2, '"m"'],
    ["endless.flow.ts", [], 2, '"pidFile"'],
    ["etl.flow.ts", ["--executor", "local", "--address", "ws://127.0.0.1:1"], 2, "an address asks for a cluster"],
  ])("%s with %j ends with %d: %s", async (file, args, expected, sentence) => {
    const { code, stderr } = await bench.run(["run", fixture(file), ...args]);
    expect(stderr).toContain(sentence);
    expect(code).toBe(expected);
  });

  test.each(["threads", "processes", "cluster"])(
    "Ctrl-C ends it with 130 and leaves nothing behind, with --executor %s",
    async (kind) => {
      const pidFile = join(bench.directory, "pid");
      const run = bench.start(["run", fixture("endless.flow.ts"), "--executor", kind, "--param", `pidFile=${pidFile}`]);
      const pid = await Promise.race([
        until(() => readPid(pidFile), "the endless task runs"),
        run.ended.then(({ stderr }) => Promise.reject(new Error(`it ended before:\n${stderr}`))),
      ]);
      const interruptedMs = performance.now();
      run.signal("SIGINT");
      const { code } = await run.ended;
      await until(() => (isAlive(pid) ? undefined : true), "the task's process is gone");
      // The promise is 5 s; the rest is for a machine that is busy with other tests.
      expect(performance.now() - interruptedMs).toBeLessThan(10_000);
      expect(code).toBe(130);
    },
  );
});

function readPid(file: string): number | undefined {
  try {
    return Number(/^(\d+)\n/.exec(readFileSync(file, "utf8"))?.[1]) || undefined;
  } catch {
    return undefined;
  }
}
