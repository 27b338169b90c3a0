import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { familyProcesses } from "./family.ts";
import { inc, slowSquare, whereAmI } from "./fixtures/arithmetic.ts";
import { watchLeaks } from "./leaks.ts";

watchLeaks();

const small = { nWorkers: 1, threadsPerWorker: 1 } as const;

async function withCluster(
  options: object,
  body: (cluster: LocalCluster, client: Client) => Promise<void>,
): Promise<void> {
  const cluster = await LocalCluster.start(options);
  try {
    const client = await Client.connect(cluster);
    try {
      await body(cluster, client);
    } finally {
      await client.close();
    }
  } finally {
    await cluster.close();
  }
}

test("workers are registered when it has started, each a live process of its own", async () => {
  await withCluster({ nWorkers: 2, threadsPerWorker: 3 }, async (cluster, client) => {
    const workers = (await client.info()).workers.toSorted((a, b) => a.name.localeCompare(b.name));
    expect(workers.map((worker) => [worker.name, worker.slots])).toEqual([
      ["worker-0", 3],
      ["worker-1", 3],
    ]);
    expect(cluster.workers).toEqual(
      workers.map(({ name, pid, address, slots }) => ({ name, pid, address, slots, status: "running" })),
    );
    const pids = cluster.workers.map((worker) => worker.pid as number);
    expect(new Set([...pids, process.pid]).size).toBe(3);
    for (const pid of pids) expect(process.kill(pid, 0)).toBe(true);
  });
});

test("scales up and down while it works, and loses nothing", async () => {
  await withCluster(small, async (cluster, client) => {
    const kept = client.map(inc, [1, 2, 3]);
    await client.gather(kept);
    const running = client.map(slowSquare, [...Array(200).keys()]);
    await cluster.scale(3);
    expect((await client.info()).workers).toHaveLength(3);
    await cluster.scale(1);
    expect((await client.info()).workers).toHaveLength(1);
    expect(cluster.workers).toHaveLength(1);
    expect(await client.gather(running)).toEqual([...Array(200).keys()].map((x) => x * x));
    expect(await client.gather(kept)).toEqual([2, 3, 4]);
  });
});

test("scales to nothing and back", async () => {
  await withCluster(small, async (cluster, client) => {
    await cluster.scale(0);
    expect(cluster.workers).toEqual([]);
    const waiting = client.submit(inc, [1]);
    await cluster.scale(1);
    expect(await waiting).toBe(2);
  });
});

test("several scalings at once are carried out one after another", async () => {
  await withCluster(small, async (cluster, client) => {
    await Promise.all([cluster.scale(3), cluster.scale(1), cluster.scale(2)]);
    expect(cluster.workers).toHaveLength(2);
    expect((await client.info()).workers).toHaveLength(2);
  });
});

test.each([-1, 1.5, Number.NaN])("scaling to %d is refused", async (n) => {
  await withCluster(small, async (cluster) => {
    await expect(cluster.scale(n)).rejects.toMatchObject({ code: "BAD_OPTION" });
    expect(cluster.workers).toHaveLength(1);
  });
});

test("a worker process that dies comes back under its name", async () => {
  await withCluster(small, async (cluster, client) => {
    const { pid } = await client.submit(whereAmI, [0]);
    process.kill(pid, "SIGKILL");
    expect((await client.submit(whereAmI, [1])).worker).toBe("worker-0");
    const next = cluster.workers[0]?.pid;
    expect(next).not.toBe(pid);
  });
});

test("logs have the lines of each process by name", async () => {
  await withCluster(small, async (cluster, client) => {
    await client.submit((text: string) => console.log(text), ["a line of the user's"]);
    const logs = await eventually("the line to arrive", async () => {
      const found = await cluster.logs();
      return found["worker-0"]?.some((line) => line.includes("a line of the user's")) ? found : undefined;
    });
    expect(Object.keys(logs)).toEqual(["scheduler", "worker-0"]);
    expect(logs["scheduler"]?.join("\n")).toContain("scheduler listens");
    expect(JSON.stringify(logs)).not.toContain(cluster.token);
  });
});

test("closing is closing, however often and whenever; afterwards scaling is refused", async () => {
  const cluster = await LocalCluster.start(small);
  const scaling = cluster.scale(3).catch((error: unknown) => error);
  await Promise.all([cluster.close(), cluster.close(), cluster[Symbol.asyncDispose]()]);
  await cluster.close();
  expect(await scaling).toMatchObject({ code: "CLOSED" });
  await expect(cluster.scale(1)).rejects.toMatchObject({ code: "CLOSED" });
});

test("closing stops what runs", async () => {
  const cluster = await LocalCluster.start(small);
  const client = await Client.connect(cluster);
  const spinning = client.submit(() => {
    for (;;);
  }, []);
  await eventually("it to run", async () => (await client.info()).workers.some((worker) => worker.running > 0));
  await cluster.close();
  await expect(spinning).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  await client.close();
});

test("without clients it closes itself after its idle timeout", async () => {
  const cluster = await LocalCluster.start({ ...small, idleTimeoutMs: 300 });
  await eventually("its end", () => familyProcesses().length === 0);
  await expect(cluster.scale(2)).rejects.toMatchObject({ code: "CLOSED" });
  await cluster.close();
});

test("wrong options start nothing", async () => {
  await expect(LocalCluster.start({ nWorkers: -1, memoryLimit: "lots" })).rejects.toThrow(/nWorkers.*memoryLimit/);
});

test("a failed start leaves nothing", async () => {
  await withCluster(small, async (cluster) => {
    const port = Number(new URL(cluster.address).port);
    await expect(LocalCluster.start({ ...small, port })).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });
});

async function startProgram(end: string): Promise<ChildProcess> {
  const file = fileURLToPath(new URL("fixtures/cluster-process.ts", import.meta.url));
  const program = spawn(process.execPath, [file, end], { stdio: ["ignore", "pipe", "pipe"] });
  let errors = "";
  program.stderr?.on("data", (chunk) => {
    errors += chunk;
  });
  await Promise.race([
    once(program.stdout as NodeJS.ReadableStream, "data"),
    once(program, "exit").then(([code]) => expect.unreachable(`the program ended early (${code}): ${errors}`)),
  ]);
  return program;
}

test.each([
  ["closes the cluster", "close", 0],
  ["calls process.exit", "exit", 0],
  ["fails", "throw", 1],
])("nothing outlives a program that %s", async (_what, end, exitCode) => {
  const program = await startProgram(end);
  if (program.exitCode === null) await once(program, "exit");
  expect(program.exitCode).toBe(exitCode);
});

test("nothing outlives a program that is killed", async () => {
  const program = await startProgram("stay");
  expect(familyProcesses().length).toBeGreaterThanOrEqual(3);
  program.kill("SIGKILL");
  await once(program, "exit");
});
