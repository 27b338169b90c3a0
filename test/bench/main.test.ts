import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "../../bench/session.ts";
import { type Ended, runProgram } from "../run-program.ts";

let out: string;
beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), "muster-bench-"));
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

const bench = (...args: string[]): Promise<Ended> =>
  runProgram(new URL("../../bench/main.ts", import.meta.url), [...args, "--out", out]);

test("prints what it measured beside peers, and writes it as JSON and as a page", async () => {
  const { exitCode, stdout, stderr } = await bench("--quick", "--only", "micro,merge-10k", "--peers", "limit,zero");
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(/^machine: .+\nversions: node .+\ncommit: \S+\nstarted: /);
  expect(stdout).toMatch(
    /^shape +figure +best +median +limit, median +ratio of medians +zero, median +ratio of medians +mark$/m,
  );
  expect(stdout).toMatch(/^scheduler core, submit to memory +task +[\d,]+ +[\d,]+$/m);
  const session = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Session;
  expect(session.environment.versions).toMatchObject({ node: process.versions.node, ws: expect.any(String) });
  expect(session.results.map(({ shape }) => shape)).toEqual(["merge-10k"]);
  expect(Object.keys(session.results[0]?.figures[0]?.by ?? {})).toEqual(["muster", "limit", "zero"]);
  expect(readFileSync(join(out, "results.html"), "utf8")).toContain("How many times as good as limit");
});

test("--profile leaves a profile of every process and thread", async () => {
  const { exitCode, stderr } = await bench("--quick", "--only", "chain-2k", "--profile");
  expect(exitCode, stderr).toBe(0);
  // Of the client, of the scheduler's thread, and of two workers with a slot each.
  expect(readdirSync(join(out, "profiles")).length).toBeGreaterThanOrEqual(6);
});

test("bad usage ends with 2 and says what to do", async () => {
  const shape = await bench("--only", "latncy");
  expect([shape.exitCode, shape.stderr]).toEqual([2, expect.stringContaining('(did you mean "latency"?)')]);
  const peer = await bench("--peers", "daks");
  expect([peer.exitCode, peer.stderr]).toEqual([
    2,
    expect.stringContaining('there is no peer "daks" (did you mean "dask"?)'),
  ]);
});

test("--help is no error", async () => {
  const { exitCode, stdout } = await bench("--help");
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("npm run bench -- --peers dask,limit")]);
});
