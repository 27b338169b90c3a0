import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inc } from "../e2e/fixtures/arithmetic.ts";
import { MusterBench } from "./muster.ts";

let bench: MusterBench;
let cluster: LocalCluster;
let client: Client;
beforeAll(async () => {
  bench = new MusterBench();
  cluster = await LocalCluster.start({ nWorkers: 0 });
  client = await Client.connect(cluster);
});
afterAll(async () => {
  await client.close();
  await cluster.close();
  await bench.close();
});

const explain = (...args: string[]): ReturnType<MusterBench["run"]> =>
  bench.run(["explain", ...args], { env: { MUSTER_TOKEN: cluster.token } });

test("says why a task of another client does not run, for people and for programs", async () => {
  const future = client.submit(inc, [1], { key: "one" });
  await client.explain(future);
  const { code, stdout } = await explain("one", cluster.address);
  expect(stdout).toMatch(
    /^The task "one" is ready to run, and has waited for a place on a worker for [^ ]+\. No worker is connected\./,
  );
  expect(code).toBe(0);
  const json = await explain("one", cluster.address, "--json");
  expect(JSON.parse(json.stdout)).toMatchObject({ key: "one", state: "no-worker", reasons: [{ code: "no-workers" }] });
});

test("an unknown key ends with 1", async () => {
  const { code, stdout } = await explain("two", cluster.address);
  expect(stdout).toMatch(/^The scheduler knows no task "two"/);
  expect(code).toBe(1);
});

test("attempts stand in a table", async () => {
  const future = client.submit(inc, [1], { key: "three" });
  await cluster.scale(1);
  expect(await future).toBe(2);
  const { stdout } = await explain("three", cluster.address);
  expect(stdout).toMatch(/^The task "three" has been done for .+ lies on worker-0\./);
  expect(stdout).toMatch(/\n\nattempt +worker +fate .+\n1 +worker-0 +done +.+ ago/);
});
