import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runProgram } from "../run-program.ts";

test("what serves the dashboard is loaded only with one, and what bundles its pages only when one is opened", async () => {
  const program = fileURLToPath(new URL("./fixtures/plain-scheduler.ts", import.meta.url));
  const { stdout, stderr, exitCode } = await runProgram(program);
  expect(exitCode, stderr).toBe(0);
  expect(stdout.trim().split("\n")).toEqual(["without: none", "with: fastify, prom-client"]);
});
