import { expect, test } from "vitest";
import { linesOf } from "../../../cluster/docker/log-frames.ts";
import { type DockerClusterOptions, resolveDockerClusterOptions } from "../../../cluster/docker/options.ts";

test("defaults", () => {
  expect(resolveDockerClusterOptions({ image: "etl:7" })).toMatchObject({
    image: "etl:7",
    nWorkers: 1,
    threadsPerWorker: 1,
    memoryLimitBytes: 0,
    cpus: undefined,
    network: undefined,
    env: {},
    pull: "missing",
    isHostGiven: false,
  });
});

test("the image may be the run's, which one that is given comes before", () => {
  const of = (options: object): string => {
    const context = { value: { image: "from-context" }, enumerable: false };
    return resolveDockerClusterOptions(Object.defineProperty({ ...options }, "context", context)).image;
  };
  expect(of({})).toBe("from-context");
  expect(of({ image: "given" })).toBe("given");
});

test("all problems are told at once, and never a token", () => {
  const wrong = {
    nWorkers: -1,
    cpus: 0,
    memoryLimit: "lots",
    dockerHost: "somewhere",
    env: { A: 1 },
    pull: "often",
    token: 12_345,
    size: 3,
  };
  const refused = (): unknown => resolveDockerClusterOptions(wrong as unknown as DockerClusterOptions);
  expect(refused).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  const names = ["image", "nWorkers", "cpus", "memoryLimit", "dockerHost", "env", "pull", "token", "size"];
  for (const name of names) expect(refused).toThrow(new RegExp(`\\b${name}\\b`));
  expect(refused).not.toThrow(/12345/);
});

test.each(["unix:///var/run/docker.sock", "/run/docker.sock", "tcp://127.0.0.1:2375"])("%s is an engine's", (host) => {
  expect(resolveDockerClusterOptions({ image: "i", dockerHost: host }).dockerHost).toBe(host);
});

test("the engine's frames become lines, however they are cut", () => {
  const frame = (text: string): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt8(1, 0);
    head.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  };
  expect(linesOf(Buffer.concat([frame("one\ntw"), frame("o\n"), frame("dreißig\n")]))).toEqual([
    "one",
    "two",
    "dreißig",
  ]);
  expect(linesOf(Buffer.alloc(0))).toEqual([]);
});
