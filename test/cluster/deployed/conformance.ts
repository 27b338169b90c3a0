import { readdirSync, readFileSync } from "node:fs";
import { Client } from "muster";
import {
  type ClusterWorker,
  DeployedCluster,
  type Deployer,
  type Deployment,
  type DeployOptions,
} from "muster/cluster";
import { beforeAll, describe, expect, test } from "vitest";
import { SchedulerHost } from "../../../cluster/scheduler/scheduler-host.ts";
import { silentLogger } from "../../../protocol/logger.ts";
import { born, inc, slowSquare } from "../../e2e/fixtures/arithmetic.ts";
import { eventually } from "../../eventually.ts";

export interface Platform {
  readonly deployer: () => Deployer;
  /** Ends a worker as the platform's own failures do. */
  readonly kill: (worker: ClusterWorker) => unknown;
  /** Where the scheduler must listen so that workers reach it. Default: this machine only. */
  readonly host?: () => string;
}

const token = "a-token-that-must-not-be-seen";

/** What every deployer must do, seen through the contract, and through the cluster that is built on it. */
export function deployerConformance(name: string, platform: Platform): void {
  // Containers on a machine that does other things, too, take their time.
  describe(name, { timeout: 180_000 }, () => {
    let host: string;
    beforeAll(() => {
      host = platform.host?.() ?? "127.0.0.1";
    });

    /** A scheduler without a cluster around it. */
    async function withScheduler(body: (address: string, client: Client) => Promise<void>): Promise<void> {
      const scheduler = await SchedulerHost.start(
        { host, port: 0, token, noWorkersTimeoutMs: undefined, dashboard: false, allowedWorkerLosses: 3 },
        silentLogger,
      );
      try {
        await using client = await Client.connect(scheduler.address, { token });
        await body(scheduler.address, client);
      } finally {
        await scheduler.close("the test is over");
      }
    }

    /** One worker that was deployed by hand; it and all else is taken down in the end. */
    async function withWorker(
      body: (worker: Deployment, client: Client) => Promise<void>,
      spec: { readonly token?: string } = {},
    ): Promise<void> {
      await withScheduler(async (address, client) => {
        const deployer = platform.deployer();
        const { signal } = new AbortController();
        const worker = await deployer.start({ name: "first", address, token, slots: 2, ...spec }, signal);
        try {
          await body(worker, client);
        } finally {
          await worker.stop();
          await deployer.close?.();
        }
      });
    }

    async function withCluster(
      options: DeployOptions,
      body: (cluster: DeployedCluster, client: Client) => Promise<void>,
    ): Promise<void> {
      await using cluster = await DeployedCluster.deploy(platform.deployer(), { host, ...options });
      await using client = await Client.connect(cluster);
      await body(cluster, client);
    }

    test("starts a worker under its name and with its slots, and stops it", async () => {
      await withWorker(async (worker, client) => {
        await client.waitForWorkers(1, { timeoutMs: 60_000 });
        const { workers } = await client.info();
        expect(workers.map(({ name: of, slots }) => [of, slots])).toEqual([["first", 2]]);
        expect(await client.submit(inc, [1])).toBe(2);
        await worker.stop();
        await worker.ended;
        await worker.stop();
        await eventually("the scheduler to hear of it", async () => (await client.info()).workers.length === 0, 40_000);
      });
    });

    test("reads what a worker and its tasks wrote, also after its end, and nothing of the token", async () => {
      await withWorker(async (worker, client) => {
        await client.submit((text: string) => console.log(text), ["a line of the user's"]);
        const hasIt = async (): Promise<boolean> => (await worker.logs()).join("\n").includes("a line of the user's");
        await eventually("the line to arrive", hasIt);
        await worker.stop();
        expect(await hasIt()).toBe(true);
        expect((await worker.logs()).join("\n")).not.toContain(token);
      });
    });

    test("the token is among no process's arguments", async () => {
      await withWorker(async (_, client) => {
        await client.waitForWorkers(1, { timeoutMs: 60_000 });
        expect(commandLines().join("\n")).not.toContain(token);
      });
    });

    test("a worker that the scheduler tells to end, ends as expected", async () => {
      await withWorker(async (worker, client) => {
        await client.waitForWorkers(1, { timeoutMs: 60_000 });
        await client.retireWorkers(["first"]);
        expect(await worker.ended).toMatchObject({ expected: true });
      });
    });

    test("a worker that the scheduler refuses is not started, or ends unexpectedly and says why", async () => {
      let told = "";
      await withWorker(
        async (worker) => {
          const end = await worker.ended;
          expect(end.expected).toBe(false);
          told = [end.reason, ...(await worker.logs())].join("\n");
        },
        { token: "wrong" },
      ).catch((error: unknown) => {
        told += String(error);
      });
      expect(told).toMatch(/token/i);
    });

    test("a worker that nobody wants any more while it starts leaves nothing", async () => {
      await withScheduler(async (address, client) => {
        const deployer = platform.deployer();
        const abort = new AbortController();
        const starting = deployer.start({ name: "first", address, token, slots: 1 }, abort.signal);
        abort.abort();
        const started = await starting.catch(() => undefined);
        await started?.stop();
        await deployer.close?.();
        expect((await client.info()).workers.filter(({ status }) => status === "running")).toEqual([]);
      });
    });

    test("a cluster of its workers scales up and down while it works, and loses nothing", async () => {
      await withCluster({ nWorkers: 1 }, async (cluster, client) => {
        const running = client.map(slowSquare, [...Array(100).keys()]);
        await cluster.scale(3);
        expect(cluster.workers.map((worker) => [worker.name, worker.status])).toEqual([
          ["worker-0", "running"],
          ["worker-1", "running"],
          ["worker-2", "running"],
        ]);
        for (const { address } of cluster.workers) expect(address).toMatch(/^ws:\/\//);
        await cluster.scale(1);
        expect((await client.info()).workers).toHaveLength(1);
        expect(await client.gather(running)).toEqual([...Array(100).keys()].map((x) => x * x));
        expect(Object.keys(await cluster.logs())).toEqual([
          "scheduler",
          ...cluster.workers.map((worker) => worker.name),
        ]);
      });
    });

    test("a worker that is killed is replaced under its name, and what it held is computed again", async () => {
      await withCluster({ nWorkers: 1 }, async (cluster, client) => {
        const kept = client.submit(born, [0]);
        const before = await kept;
        await platform.kill(cluster.workers[0] as ClusterWorker);
        const after = await eventually(
          "another process",
          async () => {
            const place = await client.submit(born, [1]);
            return place.atMs === before.atMs ? undefined : place;
          },
          60_000,
        );
        expect(after.worker).toBe("worker-0");
        expect((await client.gather([kept]))[0]).toMatchObject({ worker: "worker-0" });
      });
    });

    test("scales with the work, from nothing to its maximum and back", async () => {
      await withCluster({}, async (cluster, client) => {
        const adapting = cluster.adapt({ maximum: 2, intervalMs: 100, targetDurationMs: 100 });
        const futures = client.map(slowSquare, [...Array(200).keys()]);
        expect(await client.gather(futures)).toHaveLength(200);
        const most = Math.max(...adapting.decisions.map(({ requested }) => requested));
        expect(most).toBe(2);
        // Nobody goes who holds the last copy of what somebody wants.
        expect(cluster.workers.length).toBeGreaterThan(0);
        for (const future of futures) future.release();
        await eventually("the last worker to go", () => cluster.workers.length === 0, 60_000);
        expect(adapting.decisions.at(-1)).toMatchObject({ target: 0 });
        await adapting.stop();
      });
    });

    test("closing while workers start ends them, too", async () => {
      const cluster = await DeployedCluster.deploy(platform.deployer(), { host });
      const scaling = cluster.scale(2).catch((error: unknown) => error);
      await cluster.close();
      expect(await scaling).toMatchObject({ code: "CLOSED" });
    });
  });
}

/** Of all processes of this machine. */
function commandLines(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readFileSync(`/proc/${pid}/cmdline`, "latin1")] : [];
    } catch {
      // It ended meanwhile.
      return [];
    }
  });
}
