import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalCluster } from "../../cluster/local/index.ts";
import { MusterBench } from "./muster.ts";

let bench: MusterBench;
let cluster: LocalCluster;

beforeAll(async () => {
  bench = new MusterBench();
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1 });
});

afterAll(async () => {
  await bench.close();
  await cluster.close();
});

const run = (...args: string[]): ReturnType<MusterBench["run"]> =>
  bench.run(["bench", ...args], { env: { MUSTER_TOKEN: cluster.token } });

test("runs shapes on a live cluster and prints a table", async () => {
  const { code, stdout, stderr } = await run(cluster.address, "--only", "tree-8k,latency", "--quick");
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^shape +figure +best +median +mark\ntree-8k +tasks\/s +[\d,]+ +[\d,]+\nlatency +p50 µs/);
  expect(stderr).toContain("tree-8k: 8,192 leaves");
});

test("--json is for programs, and leaves out what needs a second worker", async () => {
  const { code, stdout, stderr } = await run(cluster.address, "--quick", "--json", "--quiet");
  expect([code, stderr]).toEqual([0, ""]);
  const { quick, results } = JSON.parse(stdout) as {
    quick: boolean;
    results: { shape: string; figures: { by: { muster: { best: number } } }[] }[];
  };
  expect(quick).toBe(true);
  expect(results.map(({ shape }) => shape)).toEqual(expect.arrayContaining(["merge-10k", "join", "fair"]));
  expect(results.map(({ shape }) => shape)).not.toContain("transfer");
  for (const { figures } of results) expect(figures[0]?.by.muster.best).toBeGreaterThan(0);
});

test("asking for what cannot be is an error", async () => {
  const transfer = await run(cluster.address, "--only", "transfer", "--quick");
  expect(transfer.stderr).toContain('the shape "transfer" moves values between two workers, and the cluster has 1');
  expect(transfer.code).toBe(2);
  const typo = await run(cluster.address, "--only", "merge10k");
  expect([typo.code, typo.stderr]).toEqual([2, expect.stringContaining('(did you mean "merge-10k"?)')]);
});

test("without an address it starts a cluster of its own", async () => {
  const { code, stdout, stderr } = await run("--only", "chain-2k", "--quick", "--peers", "limit");
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("chain-2k");
});
