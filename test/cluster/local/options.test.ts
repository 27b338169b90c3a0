import { expect, test } from "vitest";
import { resolveLocalClusterOptions } from "../../../cluster/local/options.ts";
import { shapeFor } from "../../../cluster/local/shape.ts";

test.each([
  [1, 1, 1],
  [2, 2, 1],
  [4, 4, 1],
  [5, 5, 1],
  [6, 3, 2],
  [8, 4, 2],
  [12, 4, 3],
  [16, 4, 4],
  [32, 8, 4],
  [64, 8, 8],
])("%i cores become %i workers of %i slots", (cores, nWorkers, threadsPerWorker) => {
  expect(shapeFor(cores)).toEqual({ nWorkers, threadsPerWorker });
});

test("what the user fixed stays, and the rest fits", () => {
  expect(shapeFor(8, { nWorkers: 3 })).toEqual({ nWorkers: 3, threadsPerWorker: 2 });
  expect(shapeFor(2, { nWorkers: 8 })).toEqual({ nWorkers: 8, threadsPerWorker: 1 });
  expect(shapeFor(8, { threadsPerWorker: 3 })).toEqual({ nWorkers: 2, threadsPerWorker: 3 });
  expect(shapeFor(2, { threadsPerWorker: 9 })).toEqual({ nWorkers: 1, threadsPerWorker: 9 });
  expect(shapeFor(8, { nWorkers: 0 })).toEqual({ nWorkers: 0, threadsPerWorker: 8 });
});

const cores = 4;

test("defaults are complete, and each cluster has a secret of its own", () => {
  const one = resolveLocalClusterOptions({}, cores);
  expect(one).toMatchObject({
    nWorkers: 4,
    threadsPerWorker: 1,
    executor: "threads",
    memoryLimitBytes: undefined,
    host: "127.0.0.1",
    port: 0,
    idleTimeoutMs: undefined,
    noWorkersTimeoutMs: undefined,
    allowedWorkerLosses: 3,
  });
  expect(Buffer.from(one.token, "base64url")).toHaveLength(32);
  expect(resolveLocalClusterOptions({}, cores).token).not.toBe(one.token);
});

test("memory limits are read with their units", () => {
  expect(resolveLocalClusterOptions({ memoryLimit: "512MiB" }, cores).memoryLimitBytes).toBe(512 * 2 ** 20);
  expect(resolveLocalClusterOptions({ memoryLimit: 0 }, cores).memoryLimitBytes).toBe(0);
});

test("every problem is told at once, and a token is never shown", () => {
  const wrong = {
    nworkers: 2,
    nWorkers: -1,
    threadsPerWorker: 1.5,
    executor: "fibers",
    memoryLimit: "2 GiBs",
    port: 70_000,
  };
  const more = { token: 0xdeadbeef, host: "", idleTimeoutMs: 0, allowedWorkerLosses: -1, logger: {} };
  const message = (): string => {
    try {
      resolveLocalClusterOptions({ ...wrong, ...more } as never, cores);
    } catch (error) {
      expect(error).toMatchObject({ name: "ConfigurationError", code: "BAD_OPTION" });
      return (error as Error).message;
    }
    return expect.unreachable("the options were taken");
  };
  const told = message();
  for (const part of [
    /nworkers is unknown; known are nWorkers, /,
    /nWorkers should be a whole number from 0 to 10000, not -1/,
    /threadsPerWorker should be .* not 1\.5/,
    /executor should be "threads" or "processes", not "fibers"/,
    /memoryLimit should be a size .* not "2 GiBs"/,
    /port should be a whole number from 0 to 65535, not 70000/,
    /token should be a string/,
    /host should be a string/,
    /idleTimeoutMs should be/,
    /allowedWorkerLosses should be a whole number from 0 to 10000, not -1/,
    /logger should be/,
  ]) {
    expect(told).toMatch(part);
  }
  expect(told).not.toContain(String(0xdeadbeef));
});
