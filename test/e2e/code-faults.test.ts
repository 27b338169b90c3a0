import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inc } from "./fixtures/arithmetic.ts";
import { needsMissing } from "./fixtures/missing-external.ts";
import { loadsMissing } from "./fixtures/missing-module.ts";
import { here } from "./fixtures/same-name-here.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks("file");

let cluster: LocalCluster;
let client: Client;
beforeAll(async () => {
  cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1 });
  client = await Client.connect(cluster);
});
afterAll(async () => {
  await client?.close();
  await cluster?.close();
});

test("two tasks of one name in one module are refused when the second is made, and both places are named", async () => {
  const imported = import("./fixtures/same-name-twice.ts");
  await expect(imported).rejects.toMatchObject({ code: "DUPLICATE_TASK" });
  await expect(imported).rejects.toThrow(/same-name-twice\.ts:\d+.*same-name-twice\.ts:\d+/s);
});

test("two tasks of one name that meet in one bundle fail with both places", async () => {
  const failed = client.submit(here, []);
  await expect(failed).rejects.toMatchObject({ code: "DUPLICATE_TASK" });
  await expect(failed).rejects.toThrow(/same-name-(here|there)\.ts:\d+.*same-name-(here|there)\.ts:\d+/s);
});

test("a module that cannot be bundled, because it imports one that is not there, names it", async () => {
  const failed = client.submit(loadsMissing, []);
  await expect(failed).rejects.toMatchObject({ code: "BUNDLE_FAILED" });
  await expect(failed).rejects.toThrow(/no-such-module-anywhere/);
});

test("a declared external module that the worker lacks is named when the task asks for it", async () => {
  const failed = client.submit(needsMissing, []);
  await expect(failed).rejects.toThrow(/no-such-addon-anywhere/);
});

test("an inline function that refers to something outside itself is refused with the name", async () => {
  const outside = Math.random();
  const refused = async (): Promise<unknown> => await client.submit((x: number) => x + outside, [1]);
  await expect(refused()).rejects.toMatchObject({ code: "NOT_SELF_CONTAINED" });
  await expect(refused()).rejects.toThrow(/outside/);
});

test("after all that, the cluster works", async () => {
  expect(await client.submit(inc, [1])).toBe(2);
});
