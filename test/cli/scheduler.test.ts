import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MusterBench } from "./muster.ts";

let bench: MusterBench;
beforeEach(() => {
  bench = new MusterBench();
});
afterEach(() => bench.close());

const listening = /Scheduler at (ws:\/\/127\.0\.0\.1:(\d+))\n/;

describe("muster scheduler", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("keeps its token for its user alone until %s ends it with %d", async (signal, code) => {
    const scheduler = bench.start(["scheduler", "--port", "0"]);
    const [, , port] = await scheduler.says(listening);
    const file = join(bench.directory, "tokens", `127.0.0.1-${port}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const token = readFileSync(file, "utf8").trim();
    scheduler.signal(signal);
    const ended = await scheduler.ended;
    expect(ended.code).toBe(code);
    expect(readdirSync(join(bench.directory, "tokens"))).toEqual([]);
    expect(`${ended.stdout}${ended.stderr}`).not.toContain(token);
  });

  test("takes a token that it is given, and neither keeps nor tells it", async () => {
    const token = "given-to-the-scheduler";
    const file = join(bench.directory, "token");
    writeFileSync(file, `${token}\n`, { mode: 0o600 });
    for (const [args, env] of [
      [["--token-file", file], {}],
      [[], { MUSTER_TOKEN: token }],
    ] as const) {
      const scheduler = bench.start(["scheduler", "--port", "0", ...args], { env });
      await scheduler.says(listening);
      expect(existsSync(join(bench.directory, "tokens"))).toBe(false);
      scheduler.signal("SIGTERM");
      const ended = await scheduler.ended;
      expect(`${ended.stdout}${ended.stderr}`).not.toContain(token);
    }
  });

  test("writes a file by which workers find it, and removes it in the end", async () => {
    const file = join(bench.directory, "scheduler.json");
    const scheduler = bench.start(["scheduler", "--port", "0", "--scheduler-file", file]);
    const [, address] = await scheduler.says(listening);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ address });
    scheduler.signal("SIGTERM");
    await scheduler.ended;
    expect(existsSync(file)).toBe(false);
  });

  test("says what to do when its port is in use", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    try {
      const { code, stderr } = await bench.run(["scheduler", "--port", String(port)]);
      expect(stderr).toMatch(new RegExp(`^muster: port ${port} of 127\\.0\\.0\\.1 is in use.*choose another port`));
      expect(code).toBe(2);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("ends by itself, with 0, once nobody was connected for its idle timeout", async () => {
    const { code, stderr } = await bench.run(["scheduler", "--port", "0", "--idle-timeout", "50ms"]);
    expect([code, readdirSync(join(bench.directory, "tokens"))]).toEqual([0, []]);
    expect(stderr).toContain("scheduler closed");
  });

  test("--quiet leaves only the address", async () => {
    const { code, stdout, stderr } = await bench.run(["scheduler", "--port", "0", "--idle-timeout", "50ms", "--quiet"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(listening);
  });
});
