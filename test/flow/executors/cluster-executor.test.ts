import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Cluster } from "../../../cluster/cluster.ts";
import { LocalCluster } from "../../../cluster/local/index.ts";
import { ClusterExecutor, type ClusterExecutorOptions } from "../../../flow/executors/cluster-executor.ts";
import type { Logger } from "../../../protocol/logger.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { eventually } from "../../eventually.ts";
import { executorConformance } from "./conformance.ts";
import { holdThread, inc, note, place, untilAborted } from "./tasks.ts";

watchLeaks();

const two = { nWorkers: 2, threadsPerWorker: 1 };

executorConformance("ClusterExecutor", () => new ClusterExecutor({ clusterOptions: two }), {
  lazy: false,
  place: "processes",
  slots: 2,
  stopsCode: true,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "cluster-executor-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const running = (): Promise<boolean> =>
  eventually("the task to run", () => existsSync(join(directory, "running")), 30_000);

/** What a cluster class made, as its user sees it; the cluster inside goes on calling its own methods. */
type Facade = { -readonly [Name in keyof Cluster]: Cluster[Name] };

/** A cluster class that notes what happens to its clusters. */
class Watched {
  readonly options: { context?: { image?: string } }[] = [];
  readonly clusters: Facade[] = [];
  closed = 0;
  readonly #change: (cluster: Facade) => void;

  constructor(change: (cluster: Facade) => void = () => {}) {
    this.#change = change;
  }

  readonly start = async (options: { context?: { image?: string } }): Promise<Cluster> => {
    this.options.push(options);
    const cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 1, ...options });
    const close = async (): Promise<void> => {
      this.closed += 1;
      await cluster.close();
    };
    const facade: Facade = {
      address: cluster.address,
      token: cluster.token,
      workers: cluster.workers,
      scale: (n) => cluster.scale(n),
      logs: () => cluster.logs(),
      close,
      [Symbol.asyncDispose]: close,
    };
    this.clusters.push(facade);
    this.#change(facade);
    return facade;
  };
}

function lines(): { log: Logger; said: string[] } {
  const said: string[] = [];
  const say = (_fields: object, message: string): void => void said.push(message);
  const log: Logger = { debug: say, info: say, warn: say, error: say, child: () => log };
  return { log, said };
}

describe("options", () => {
  test.each<[string, object, RegExp]>([
    ["an address with clusterClass", { address: "ws://h:1", clusterClass: LocalCluster }, /address.*clusterClass/],
    ["an address with clusterOptions", { address: "ws://h:1", clusterOptions: {} }, /address.*clusterOptions/],
    ["an address with adapt", { address: "ws://h:1", adapt: {} }, /address.*adapt/],
    ["a module that is not there", { clusterClass: "no-such-package/x#Y" }, /no-such-package\/x/],
    ["a file that is not there", { clusterClass: "./no/such/file.ts#Y" }, /no\/such\/file\.ts/],
    ["an export that is not there", { clusterClass: "muster/cluster/local#Nothing" }, /Nothing/],
    ["a path without an export", { clusterClass: "muster/cluster/local" }, /module#Export/],
    ["draining a temporary cluster", { cancel: "drain" }, /drain/],
    ["an unknown option", { adress: "ws://h:1" }, /adress is unknown/],
    ["an option of the wrong type", { debug: "yes" }, /debug should be true or false/],
  ])("%s is refused by the constructor", (_what, options, message) => {
    expect(() => new ClusterExecutor(options as ClusterExecutorOptions)).toThrow(
      expect.objectContaining({ code: "BAD_OPTION", message: expect.stringMatching(message) }),
    );
  });

  test("there is no report when none was asked for", () => {
    expect(new ClusterExecutor().performanceReport).toBe("");
  });
});

describe("a temporary cluster", () => {
  test("by default it is a LocalCluster", async () => {
    const executor = new ClusterExecutor({ clusterOptions: two });
    const seen = await executor.start(async () => await executor.submit(place, []));
    expect(seen.pid).not.toBe(process.pid);
  });

  test("a factory runs when the run starts, once for each run, and can read the run's context", async () => {
    const watched = new Watched();
    const executor = new ClusterExecutor({ clusterClass: watched.start, clusterOptions: { threadsPerWorker: 2 } });
    expect(watched.options).toEqual([]);
    const body = async (): Promise<number> => await executor.submit(inc, [1]);
    expect(await executor.start(body, { context: { image: "registry/app:3" } })).toBe(2);
    expect(await executor.start(body)).toBe(2);
    expect(watched.options.map((options) => options.context?.image)).toEqual(["registry/app:3", undefined]);
    expect(watched.options[0]).toEqual({ threadsPerWorker: 2 });
    expect(watched.closed).toBe(2);
  });

  test("two runs at once have a cluster each", async () => {
    const watched = new Watched();
    const executor = new ClusterExecutor({ clusterClass: watched.start });
    const run = (): Promise<number> => executor.start(async () => (await executor.submit(place, [])).pid);
    const pids = await Promise.all([run(), run()]);
    expect(new Set(pids).size).toBe(2);
    expect(new Set(watched.clusters.map((cluster) => cluster.address)).size).toBe(2);
    expect(watched.closed).toBe(2);
  });

  test("is closed when the body throws, and the body's error is the one that is told", async () => {
    const watched = new Watched((cluster) => {
      const { close } = cluster;
      cluster.close = async () => {
        await close();
        throw new Error("closing failed, too");
      };
    });
    const { log, said } = lines();
    const executor = new ClusterExecutor({ clusterClass: watched.start });
    const run = executor.start(
      async () => {
        throw new Error("the body's own");
      },
      { log },
    );
    await expect(run).rejects.toThrow("the body's own");
    expect(watched.closed).toBe(1);
    expect(said.join("\n")).toContain("could not be stopped cleanly");
    await expect(executor.start(async () => 1)).rejects.toThrow("closing failed, too");
  });

  test("is closed when it cannot be connected to", async () => {
    const watched = new Watched((cluster) => {
      cluster.token = "another";
    });
    const executor = new ClusterExecutor({ clusterClass: watched.start });
    await expect(executor.start(async () => 1)).rejects.toMatchObject({ code: "BAD_TOKEN" });
    expect(watched.closed).toBe(1);
  });

  test("a factory's own error is the run's", async () => {
    const executor = new ClusterExecutor({
      clusterClass: () => {
        throw new Error("no quota");
      },
    });
    await expect(executor.start(async () => 1)).rejects.toThrow("no quota");
  });

  test("adapt is passed on, and refused where the cluster has none", async () => {
    const adapted: unknown[] = [];
    const able = new Watched((cluster) => Object.assign(cluster, { adapt: (bounds: unknown) => adapted.push(bounds) }));
    const adapt = { minimum: null, maximum: 3 };
    await new ClusterExecutor({ clusterClass: able.start, adapt }).start(async () => {});
    expect(adapted).toEqual([adapt]);
    const unable = new Watched();
    const refused = new ClusterExecutor({ clusterClass: unable.start, adapt }).start(async () => {});
    await expect(refused).rejects.toMatchObject({ code: "BAD_OPTION", message: expect.stringContaining("adapt") });
    expect(unable.closed).toBe(1);
  });

  test("cancelling the run closes it although code holds its thread", async () => {
    const watched = new Watched();
    const executor = new ClusterExecutor({ clusterClass: watched.start });
    await executor.start(async () => {
      const holding = executor.submit(holdThread, [directory]);
      const ended = expect(holding).rejects.toMatchObject({ code: "CANCELLED" });
      await running();
      await executor.cancelRun("the user said so");
      expect(watched.closed).toBe(1);
      await ended;
    });
  });

  test("a run that is cancelled while its cluster starts never gets to its body", async () => {
    const watched = new Watched(() => void executor.cancelRun("changed my mind"));
    const executor: ClusterExecutor = new ClusterExecutor({ clusterClass: watched.start });
    const run = executor.start(async () => expect.unreachable("the body ran"));
    await expect(run).rejects.toMatchObject({ code: "CANCELLED", message: expect.stringContaining("changed my mind") });
    expect(watched.closed).toBe(1);
  });

  test("says when workers come, and what the cluster logged", async () => {
    const { log, said } = lines();
    const watched = new Watched((cluster) => {
      cluster.logs = async () => ({ scheduler: ["a line of the scheduler's"] });
    });
    const options = { clusterClass: watched.start, watchWorkerStatus: true, debug: true };
    await new ClusterExecutor(options).start(async () => {}, { log });
    expect(said).toEqual(["worker worker-0 came", "a line of the scheduler's"]);
  });
});

describe("an existing cluster", () => {
  let cluster: LocalCluster;
  beforeEach(async () => {
    cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 2 });
  });
  afterEach(() => cluster.close());
  const executorOf = (options: ClusterExecutorOptions = {}): ClusterExecutor =>
    new ClusterExecutor({ address: cluster.address, clientOptions: { token: cluster.token }, ...options });

  test("outlives its runs", async () => {
    const executor = executorOf();
    for (const x of [1, 2]) expect(await executor.start(async () => await executor.submit(inc, [x]))).toBe(x + 1);
    expect(cluster.workers.map((worker) => worker.status)).toEqual(["running"]);
  });

  test("cancelling a run stops its code and leaves other runs alone", async () => {
    const [one, other] = [executorOf(), executorOf()];
    let finish: () => void = () => {};
    const otherGoes = other.start(async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return await other.submit(inc, [41]);
    });
    await one.start(async () => {
      const holding = one.submit(holdThread, [directory]);
      const ended = expect(holding).rejects.toMatchObject({ code: "CANCELLED" });
      await running();
      await one.cancelRun("enough");
      await ended;
    });
    finish();
    expect(await otherGoes).toBe(42);
  });

  test("draining lets running tasks finish, and says for how many it waits", async () => {
    const { log, said } = lines();
    const executor = executorOf({ cancel: "drain" });
    const file = join(directory, "notes");
    await executor.start(
      async () => {
        const first = executor.submit(holdThread, [directory]);
        const next = executor.submit(note, [file, "never", first]);
        const ends = [first, next].map((future) => expect(future).rejects.toMatchObject({ code: "CANCELLED" }));
        await running();
        const drained = executor.cancelRun("enough");
        await eventually("the wait to be told", () => said.includes("stopping, waiting for 1 active tasks"));
        writeFileSync(join(directory, "stop"), "");
        await drained;
        await Promise.all(ends);
      },
      { log, context: { flowRunId: "run-7" } },
    );
    expect(existsSync(join(directory, "ended"))).toBe(true);
    expect(existsSync(file)).toBe(false);
  });

  test("a body that throws leaves nothing of its run behind on the cluster", async () => {
    const executor = executorOf();
    const run = executor.start(async () => {
      void executor.submit(untilAborted, [directory]);
      await running();
      throw new Error("the body's own");
    });
    await expect(run).rejects.toThrow("the body's own");
    await eventually("the signal to reach the task", () => existsSync(join(directory, "aborted")));
  });

  test("an address that nobody listens on is told as such", async () => {
    const executor = new ClusterExecutor({
      address: "ws://127.0.0.1:1",
      clientOptions: { token: "x", timeoutMs: 2_000 },
    });
    await expect(executor.start(async () => 1)).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
  });
});
