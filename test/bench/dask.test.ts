import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Contender } from "../../bench/contender.ts";
import { dask } from "../../bench/peers/dask/dask.ts";
import { clusterShapes } from "../../bench/shapes/catalog.ts";

// The peer's program with a stand-in for dask.distributed: its graphs must give the results that it expects, and its figures
// must be called as ours.

let peer: Contender;
const pythonPath = process.env["PYTHONPATH"];

beforeAll(async () => {
  process.env["PYTHONPATH"] = fileURLToPath(new URL("./fixtures/synchronous-dask", import.meta.url));
  process.env["PYTHONDONTWRITEBYTECODE"] = "1";
  peer = await dask(() => Promise.resolve("python3")).start();
});

afterAll(async () => {
  if (pythonPath === undefined) delete process.env["PYTHONPATH"];
  else process.env["PYTHONPATH"] = pythonPath;
  await peer[Symbol.asyncDispose]();
});

const known = clusterShapes.filter((shape) => dask(() => Promise.resolve("")).runs(shape));

test("it knows all shapes but the one that dask would take minutes to get to", () => {
  expect(clusterShapes.filter((shape) => !known.includes(shape)).map(({ name }) => name)).toEqual(["fair"]);
});

test.each(known.map((shape) => [shape.name, shape] as const))("%s gives our figures", async (_name, shape) => {
  const sample = await peer.measure(shape, shape.quickSize);
  expect(Object.keys(sample).sort()).toEqual(shape.figures.map(({ name }) => name).sort());
});

test("it says its versions", () => {
  expect(peer.versions).toMatchObject({ distributed: "0", dask: "0", python: expect.stringMatching(/^3\./) });
});

test("it repeats what it knows as often as others do", () => {
  const repetitions = (name: string): number =>
    Math.max(0, ...clusterShapes.filter((shape) => shape.name === name).map((shape) => peer.repetitions(shape)));
  expect([repetitions("merge-10k"), repetitions("merge-100k"), repetitions("fair")]).toEqual([5, 5, 0]);
});

test("a shape that fails fails the question, with its reason", async () => {
  const [merge] = known;
  if (merge === undefined) throw new Error("there are no shapes");
  await expect(peer.measure({ ...merge, family: "no-such-shape" }, 1)).rejects.toThrow(/dask: .*KeyError/s);
});
