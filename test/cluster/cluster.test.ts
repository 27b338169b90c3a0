import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Cluster, checkClusterClass, resolveClusterClass } from "../../cluster/cluster.ts";

const cluster: Cluster = {
  address: "ws://127.0.0.1:1",
  token: "t",
  workers: [],
  scale: async () => {},
  logs: async () => ({}),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

class GoodCluster {
  readonly address = "ws://good";
  static async start(): Promise<GoodCluster> {
    return new GoodCluster();
  }
  async close(): Promise<void> {}
}
const startable = {
  seen: undefined as unknown,
  async start(options?: unknown): Promise<Cluster> {
    this.seen = options;
    return cluster;
  },
};
class Startless {}

let directory: string;
const path = (name: string): string => `./${relative(process.cwd(), join(directory, name))}`;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "muster-cluster-class-"));
  const body = `{ start: async (options) => ({ address: "ws://made", options, close: async () => {} }) }`;
  writeFileSync(join(directory, "good.mjs"), `export const Mine = ${body}; export const nine = 9;`);
  writeFileSync(join(directory, "slow.mjs"), `await Promise.resolve(); export const Mine = ${body};`);
  writeFileSync(join(directory, "bad.mjs"), `throw new Error("no luck");`);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test("a class, or any object with a start, starts with the options and as itself", async () => {
  checkClusterClass(GoodCluster);
  await expect((await resolveClusterClass(GoodCluster))()).resolves.toBeInstanceOf(GoodCluster);
  await expect((await resolveClusterClass(startable))({ n: 1 })).resolves.toBe(cluster);
  expect(startable.seen).toEqual({ n: 1 });
});

test("a factory may be synchronous or not", async () => {
  for (const factory of [() => cluster, async () => cluster]) {
    checkClusterClass(factory);
    await expect((await resolveClusterClass(factory))()).resolves.toBe(cluster);
  }
});

test("an import path counts from the current directory, and may need top-level await", async () => {
  for (const file of ["good.mjs", "slow.mjs"]) {
    checkClusterClass(`${path(file)}#Mine`);
    const started = await (await resolveClusterClass(`${path(file)}#Mine`))({ a: 1 });
    expect(started).toMatchObject({ address: "ws://made", options: { a: 1 } });
  }
});

test.each([
  ["nothing", undefined, /clusterClass is undefined\. Give a class/],
  ["null", null, /clusterClass is null/],
  ["a number", 3, /clusterClass is a number/],
  ["an object", {}, /an object without a start\(\) function/],
  ["a class without start", Startless, /the class Startless, which has no static start\(\)/],
  ["a path without export", "muster/cluster/local", /not an import path of the form "module#Export"/],
  ["a path with an empty export", "muster/cluster/local#", /not an import path/],
  ["a path with an empty module", "#LocalCluster", /not an import path/],
  ["an unknown package", "no-such-package-here#X", /no-such-package-here.*cannot be loaded/],
  ["an unknown file", "./no-such-file.ts#X", /\.\/no-such-file\.ts.*cannot be loaded/],
])("%s is refused before anything starts", async (_what, value, message) => {
  expect(() => checkClusterClass(value)).toThrow(message);
  expect(() => checkClusterClass(value)).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  await expect(resolveClusterClass(value)).rejects.toThrow(message);
});

test("a module that throws, lacks the export or exports something else is named with what it said", async () => {
  const cases: [string, RegExp][] = [
    [`${path("bad.mjs")}#Mine`, /cannot be loaded: no luck/],
    [`${path("good.mjs")}#Yours`, /no export "Yours"; it exports Mine, nine/],
    [`${path("good.mjs")}#nine`, /#nine" is a number/],
  ];
  for (const [value, message] of cases) {
    expect(() => checkClusterClass(value)).toThrow(message);
    await expect(resolveClusterClass(value)).rejects.toThrow(message);
  }
});

test("what is started must be a cluster", async () => {
  const start = await resolveClusterClass(() => ({ address: 3 }));
  await expect(start()).rejects.toThrow(/started something that is not a cluster/);
});
