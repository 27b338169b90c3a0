import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import { MusterBench, type RunningMuster } from "./muster.ts";
import { until } from "./until.ts";

let bench: MusterBench;
beforeEach(() => {
  bench = new MusterBench();
});
afterEach(() => bench.close());

const [etl, deadly] = ["etl", "deadly"].map((name) =>
  fileURLToPath(new URL(`./fixtures/${name}.flow.ts`, import.meta.url)),
) as [string, string];

async function startScheduler(...more: string[]): Promise<{ scheduler: RunningMuster; address: string }> {
  const file = join(bench.directory, "s.json");
  const scheduler = bench.start(["scheduler", "--port", "0", "--scheduler-file", file, ...more]);
  const [, address = ""] = await scheduler.says(/Scheduler at (\S+)\n/);
  return { scheduler, address };
}

async function status(address: string): Promise<ClusterInfo> {
  const { code, stdout, stderr } = await bench.run(["status", address, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as ClusterInfo;
}

const withWorkers = (address: string, count: number): Promise<ClusterInfo> =>
  until(async () => {
    const info = await status(address);
    return info.workers.length === count ? info : undefined;
  }, `${count} workers are registered`);

describe("a cluster from the command line", () => {
  test("workers in an empty folder run a flow that they have never seen", async () => {
    const { scheduler, address } = await startScheduler();
    const empty = join(bench.directory, "empty");
    mkdirSync(empty);
    const first = bench.start(["worker", address, "--name", "first", "--nthreads", "2", "--resources", "GPU=2"], {
      cwd: empty,
    });
    const second = bench.start(
      ["worker", "--scheduler-file", "../s.json", "--name", "second", "--executor", "processes"],
      {
        cwd: empty,
      },
    );
    const info = await withWorkers(address, 2);
    const worker = info.workers.find(({ name }) => name === "first");
    expect(worker).toMatchObject({ slots: 2, resources: { GPU: 2 }, executor: "threads" });

    const run = await bench.run(["run", etl, "--address", address]);
    expect(run.stderr).toContain("etl: Success");
    expect(run.code).toBe(0);

    const shown = await bench.run(["status", address]);
    expect(shown.stdout).toMatch(/2 workers with \d+ slots/);
    expect(shown.stdout).toMatch(/^first +ws:/m);

    first.signal("SIGTERM");
    expect((await first.ended).code).toBe(143);
    await withWorkers(address, 1);
    second.signal("SIGINT");
    expect((await second.ended).code).toBe(130);
    scheduler.signal("SIGINT");
    expect((await scheduler.ended).code).toBe(130);
  });

  test("several workers get names of their own, and hand over when their lifetime is over", async () => {
    const { address } = await startScheduler();
    const workers = bench.start([
      "worker",
      address,
      "--name",
      "w",
      "--nworkers",
      "2",
      "--nthreads",
      "1",
      "--lifetime",
      "4s",
    ]);
    const info = await withWorkers(address, 2);
    expect(info.workers.map(({ name }) => name).sort()).toEqual(["w-0", "w-1"]);
    expect((await workers.ended).code).toBe(0);
    expect((await status(address)).workers).toEqual([]);
  });

  test("a worker without a nanny lives in the command's own process", async () => {
    const { address } = await startScheduler();
    const worker = bench.start(["worker", address, "--no-nanny", "--nthreads", "1"]);
    const info = await withWorkers(address, 1);
    expect(info.workers[0]?.pid).toBe(worker.child.pid);
    worker.signal("SIGTERM");
    expect((await worker.ended).code).toBe(143);
  });

  test("how many workers may die under a task is the scheduler's to say, and how long it waits for them", async () => {
    const { address } = await startScheduler("--allowed-worker-losses", "1", "--grace", "0", "--worker-ttl", "10s");
    bench.start(["worker", address, "--nthreads", "1", "--reconnect", "1s"]);
    await withWorkers(address, 1);
    const { code, stderr } = await bench.run(["run", deadly, "--address", address]);
    expect(stderr).toContain("2 workers died while running it");
    expect(code).toBe(1);
  });

  test("a wrong token is refused at once, with what to do", async () => {
    const { address } = await startScheduler();
    for (const args of [
      ["status", address],
      ["worker", address],
      ["run", etl, "--address", address],
    ]) {
      const { code, stderr } = await bench.run(args, { env: { MUSTER_TOKEN: "not-the-token" } });
      expect(stderr).toMatch(/token/);
      expect(stderr).not.toContain("not-the-token");
      expect(code, args[0]).not.toBe(0);
    }
  });

  test("a worker ends when there is no scheduler for its death timeout", async () => {
    const { code, stderr } = await bench.run(["worker", "ws://127.0.0.1:1", "--death-timeout", "500ms"], {
      env: { MUSTER_TOKEN: "any" },
    });
    expect(stderr).toContain("ws://127.0.0.1:1");
    expect(code).toBe(1);
  });
});
