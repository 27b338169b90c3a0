import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalCluster } from "../../cluster/local/index.ts";
import { runProgram } from "../run-program.ts";

const example = (name: string): URL => new URL(`../../examples/${name}`, import.meta.url);

const cli = new URL("../../cli/main.ts", import.meta.url);

let cluster: LocalCluster;

beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
});

afterAll(async () => {
  await cluster.close();
});

test("the futures API", async () => {
  const { exitCode, stdout, stderr } = await runProgram(example("futures.ts"));
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("1 + 2 = 3");
  expect(stdout).toContain("4 squares: [ 1, 4, 9, 16 ]");
  expect(stdout).toContain("sum of 1 to 100: 5050");
});

test("a flow on a temporary cluster", async () => {
  const { exitCode, stdout, stderr } = await runProgram(example("temporary-cluster.ts"));
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("primes below 200,000: 17984");
});

test("three million flights on a temporary cluster give the table that one thread computes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "muster-flights-"));
  try {
    const csvFile = join(folder, "flights.csv");
    const flow = fileURLToPath(example("flights.flow.ts"));
    const { exitCode, stdout, stderr } = await runProgram(cli, ["run", flow, "--param", `csvFile=${csvFile}`]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain("3,000,000 flights from 229 origins");
    const check = await runProgram(example("flights/check.ts"), [csvFile]);
    expect(check.stderr).toBe("");
    expect(check.stdout).toContain("matches: 3000000 flights from 229 origins");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a flow on a cluster that is there already", async () => {
  const { exitCode, stdout, stderr } = await runProgram(example("existing-cluster.ts"), [cluster.address], {
    MUSTER_TOKEN: cluster.token,
  });
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toContain("primes below 200,000: 17984");
});
