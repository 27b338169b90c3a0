import type { Deployer, Deployment, WorkerEnd, WorkerSpec } from "muster/cluster";
import { expect, test } from "vitest";
import { Fleet } from "../../../cluster/deployed/fleet.ts";
import type { LoadInfo, WorkerLoad } from "../../../protocol/cluster-info.ts";
import type { ClusterError } from "../../../protocol/errors.ts";
import { silentLogger } from "../../../protocol/logger.ts";
import { eventually } from "../../eventually.ts";

const loadOf = (name: string, assigned: number): WorkerLoad => ({
  name,
  address: `ws://${name}:1`,
  status: "running",
  slots: 1,
  assigned,
  running: assigned,
  storedBytes: 0,
  memoryLimitBytes: 0,
  idleMs: assigned > 0 ? undefined : 1,
});

/** A platform that lives in memory, and a scheduler that every worker joins as soon as it is started. */
class Rig implements Deployer {
  readonly fleet: Fleet;
  readonly started: string[] = [];
  readonly stopped: string[] = [];
  readonly retired: string[] = [];
  readonly hopeless: ClusterError[] = [];
  readonly logged: string[] = [];
  /** What each start does, in place of starting the worker. */
  onStart: (worker: WorkerSpec) => Promise<WorkerEnd | undefined> = async () => undefined;
  joins = true;
  readonly busy: Set<string> = new Set();
  readonly #ends: Map<string, (end: WorkerEnd) => void> = new Map();

  constructor(startTimeoutMs = 10_000) {
    this.fleet = new Fleet({
      deployer: this,
      spec: { address: "ws://s:1", token: "t", slots: 1 },
      startTimeoutMs,
      link: {
        load: async (): Promise<LoadInfo> => ({
          workers: [...this.#ends.keys()].map((name) => loadOf(name, this.busy.has(name) ? 1 : 0)),
          queued: 0,
          unplaceable: 0,
          queuedMs: 0,
          processing: 0,
          occupancyMs: 0,
        }),
        retire: async (names) => {
          this.retired.push(...names);
          for (const name of names) this.end(name, { expected: true, reason: "retired" });
        },
        retireIdle: async (name) => {
          if (this.busy.has(name)) return false;
          this.retired.push(name);
          this.end(name, { expected: true, reason: "retired" });
          return true;
        },
      },
      roll: {
        joined: (name, signal) =>
          new Promise((resolve, reject) => {
            if (this.joins && this.#ends.has(name)) resolve(loadOf(name, 0));
            else signal.addEventListener("abort", () => reject(signal.reason));
          }),
      },
      log: { ...silentLogger, warn: (_, text) => this.logged.push(text), error: (_, text) => this.logged.push(text) },
      onHopeless: (error) => this.hopeless.push(error),
      firstPauseMs: 1,
    });
  }

  async start(worker: WorkerSpec): Promise<Deployment> {
    this.started.push(worker.name);
    const end = await this.onStart(worker);
    const ended = new Promise<WorkerEnd>((resolve) => this.#ends.set(worker.name, resolve));
    if (end !== undefined) this.end(worker.name, end);
    return {
      ended,
      stop: async () => {
        this.stopped.push(worker.name);
        this.end(worker.name, { expected: true, reason: "stopped" });
      },
      logs: async () => ["the last line"],
    };
  }

  end(name: string, end: WorkerEnd): void {
    this.#ends.get(name)?.(end);
    this.#ends.delete(name);
  }

  get states(): string[] {
    return this.fleet.all.map(({ name, state }) => `${name} ${state}`);
  }
}

const died: WorkerEnd = { expected: false, reason: "exit code 9" };

test("a worker that ended unasked is replaced under its name, and that is logged", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(2);
  rig.end("worker-0", died);
  await eventually("its successor", () => rig.started.length === 3);
  expect(rig.started).toEqual(["worker-0", "worker-1", "worker-0"]);
  expect(rig.logged).toEqual(["worker-0 ended by itself (exit code 9) and is replaced"]);
  await eventually("it to have joined", () => rig.states.join() === "worker-0 live,worker-1 live");
  await rig.fleet.close();
});

test("a worker that ended as it was told to is not replaced, and makes room for another", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(1);
  rig.end("worker-0", { expected: true, reason: "exit code 0" });
  await eventually("its end", () => rig.states.join() === "worker-0 ended");
  expect(rig.started).toEqual(["worker-0"]);
  await rig.fleet.scaleTo(1);
  expect(rig.states).toEqual(["worker-1 live"]);
  await rig.fleet.close();
});

test("a worker that dies again and again is given up, which is the end of the cluster if it was the only one", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(1);
  rig.onStart = async () => died;
  rig.end("worker-0", died);
  await eventually("the end", () => rig.hopeless.length > 0);
  // The death that began it, and four starts.
  expect(rig.started).toHaveLength(5);
  expect(rig.hopeless[0]?.message).toBe(
    "worker-0 is given up after 5 tries: worker-0 ended before it had joined the cluster (exit code 9). Its last lines:\n  the last line",
  );
  expect(rig.states).toEqual(["worker-0 ended"]);
  await rig.fleet.close();
});

test("with others left, the cluster goes on, and no loop asks for more for a while", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(1);
  rig.onStart = () => Promise.reject(new Error("no such image"));
  rig.fleet.start(1);
  await eventually("it to be given up", () => rig.fleet.blocked);
  expect(rig.fleet.blocked).toBe("worker-1 is given up after 5 tries: no such image");
  expect(rig.hopeless).toEqual([]);
  expect(rig.fleet.members).toMatchObject([{ name: "worker-0", state: "live" }]);
  await rig.fleet.close();
});

test("scaling up fails at once with the reason, and takes back what it had started", async () => {
  const rig = new Rig();
  rig.onStart = async ({ name }) => (name === "worker-1" ? died : undefined);
  await expect(rig.fleet.scaleTo(3)).rejects.toMatchObject({
    code: "WORKER_LOST",
    message: expect.stringContaining("worker-1 ended before it had joined the cluster (exit code 9)"),
    details: { lastLogLines: ["the last line"] },
  });
  expect(rig.started).toEqual(["worker-0", "worker-1", "worker-2"]);
  expect(rig.states).toEqual([]);
});

test("a worker that does not join in time is stopped, and that is the reason", async () => {
  const rig = new Rig(5);
  rig.joins = false;
  await expect(rig.fleet.scaleTo(1)).rejects.toMatchObject({ code: "TIMED_OUT" });
  expect(rig.stopped).toContain("worker-0");
});

test("scaling down lets those go first that have least to do", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(3);
  rig.busy.add("worker-0");
  await rig.fleet.scaleTo(1);
  expect(rig.retired.sort()).toEqual(["worker-1", "worker-2"]);
  expect(rig.states).toEqual(["worker-0 live"]);
  await rig.fleet.close();
});

test("one that turns out to be busy stays", async () => {
  const rig = new Rig();
  await rig.fleet.scaleTo(2);
  rig.busy.add("worker-0");
  rig.fleet.retireIdle("worker-0");
  rig.fleet.retireIdle("worker-1");
  expect(rig.fleet.members).toEqual([]);
  await eventually("the idle one to go", () => rig.states.join() === "worker-0 live");
  await rig.fleet.close();
});

test("one that has not come is cancelled, its pauses included", async () => {
  const rig = new Rig();
  rig.joins = false;
  rig.fleet.start(1);
  await eventually("its start", () => rig.started.length === 1);
  rig.fleet.cancel("worker-0");
  await eventually("its end", () => rig.fleet.all.length === 0);
  expect(rig.stopped).toContain("worker-0");
});

test("how long a worker takes is measured", async () => {
  const rig = new Rig();
  expect(rig.fleet.startUpMs).toBeUndefined();
  await rig.fleet.scaleTo(1);
  expect(rig.fleet.startUpMs).toBeGreaterThanOrEqual(0);
  await rig.fleet.close();
});
