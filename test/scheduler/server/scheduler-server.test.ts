import { createHash, randomBytes } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ClusterInfo } from "../../../protocol/cluster-info.ts";
import { type Connection, dial } from "../../../protocol/connection.ts";
import { InvariantViolation } from "../../../protocol/errors.ts";
import { fnId, futureId } from "../../../protocol/ids.ts";
import { silentLogger } from "../../../protocol/logger.ts";
import type {
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerRegistration,
  WorkerToScheduler,
} from "../../../protocol/messages.ts";
import { parseSchedulerToClient, parseSchedulerToWorker } from "../../../protocol/parse.ts";
import type { ClusterEvent, LogLine } from "../../../protocol/record.ts";
import { SchedulerCore } from "../../../scheduler/core/core.ts";
import { SchedulerServer, type SchedulerServerOptions } from "../../../scheduler/server/scheduler-server.ts";

const token = "secret";
let servers: SchedulerServer[] = [];
beforeEach(() => {
  servers = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(servers.map((server) => server.close()));
});

async function startServer(options: Partial<SchedulerServerOptions> = {}): Promise<SchedulerServer> {
  const server = await SchedulerServer.start({ port: 0, token, ...options });
  servers.push(server);
  return server;
}

/** One end of a connection that keeps what it hears. */
class Ear<I, O> {
  readonly connection: Connection<I, O>;
  readonly hungUp: Promise<Error>;
  readonly #heard: I[] = [];
  #look: () => void = () => {};

  constructor(connection: Connection<I, O>) {
    this.connection = connection;
    this.hungUp = new Promise((resolve) => connection.onClose(resolve));
    connection.onMessages((messages) => {
      this.#heard.push(...messages);
      this.#look();
    });
  }

  next(): Promise<I> {
    return new Promise((resolve) => {
      this.#look = () => {
        const message = this.#heard.shift();
        if (message === undefined) return;
        this.#look = () => {};
        resolve(message);
      };
      this.#look();
    });
  }
}

async function connectClient(
  server: SchedulerServer,
  timeoutMs = 5_000,
): Promise<Ear<SchedulerToClient, ClientToScheduler>> {
  const { connection } = await dial<SchedulerToClient, ClientToScheduler>({
    address: server.address,
    hello: { role: "client", token, name: "client" },
    parse: parseSchedulerToClient,
    timeoutMs,
  });
  return new Ear(connection);
}

const registration: WorkerRegistration = {
  name: "w",
  address: "ws://127.0.0.1:1",
  host: "127.0.0.1",
  pid: 1,
  slots: 1,
  executor: "threads",
  memoryLimitBytes: 0,
  resources: {},
  version: "0",
  nodeVersion: "0",
};

async function connectWorker(
  server: SchedulerServer,
  name: string,
  instance?: string,
): Promise<Ear<SchedulerToWorker, WorkerToScheduler>> {
  const { connection } = await dial<SchedulerToWorker, WorkerToScheduler>({
    address: server.address,
    hello: { role: "worker", token, name, registration: { ...registration, name, instance } },
    parse: parseSchedulerToWorker,
    timeoutMs: 5_000,
  });
  return new Ear(connection);
}

async function workerNames(client: Ear<SchedulerToClient, ClientToScheduler>): Promise<string[]> {
  client.connection.send({ op: "info", request: 1 });
  const reply = (await client.next()) as { value: ClusterInfo };
  return reply.value.workers.map((worker) => worker.name);
}

test("a worker is there once it is connected, and gone once its socket is", async () => {
  const server = await startServer();
  const client = await connectClient(server);
  const worker = await connectWorker(server, "w1");
  client.connection.send({ op: "wait-for-workers", request: 2, count: 1 });
  expect(await client.next()).toMatchObject({ op: "reply", request: 2 });
  expect(await workerNames(client)).toEqual(["w1"]);
  await worker.connection.close();
  await vi.waitFor(async () => expect(await workerNames(client)).toEqual([]), 5_000);
});

test("a worker that is cut off is waited for during the grace, and not at all with none", async () => {
  const cutOff = async (server: SchedulerServer): Promise<ClusterInfo["workers"]> => {
    const client = await connectClient(server);
    const worker = await connectWorker(server, "w1", "one of a kind");
    await worker.connection.close();
    return vi.waitFor(async () => {
      client.connection.send({ op: "info", request: 1 });
      const { value } = (await client.next()) as { value: ClusterInfo };
      expect(value.workers.filter(({ status }) => status === "running")).toEqual([]);
      return value.workers;
    }, 5_000);
  };
  expect(await cutOff(await startServer())).toMatchObject([{ name: "w1", status: "disconnected" }]);
  expect(await cutOff(await startServer({ graceMs: 0 }))).toEqual([]);
});

test("a worker that says nothing on an open socket is lost after its time, and ten heartbeats at least", async () => {
  const server = await startServer({ workerTtlMs: 0 });
  const worker = await connectWorker(server, "w1");
  expect((await worker.hungUp).message).toMatch(/silent for \d+ ms/);
});

test("a task fails with the first worker that dies under it, if no loss is allowed", async () => {
  const server = await startServer({ allowedWorkerLosses: 0 });
  const client = await connectClient(server);
  const worker = await connectWorker(server, "w1");
  const request = { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 };
  const task = { future: futureId(1), fn: fnId(1), args: [new Uint8Array(1)], deps: [], request: 0, wanted: true };
  client.connection.send({ op: "define-fn", fn: fnId(1), ref: { bundle: "muster", name: "f", entry: "call" } });
  client.connection.send({ op: "submit", submission: 1, run: "r", prefix: "p", requests: [request], tasks: [task] });
  expect(await client.next()).toMatchObject({ op: "accepted" });
  expect(await worker.next()).toMatchObject({ op: "define-fn" });
  const { task: id, attempt } = (await worker.next()) as Extract<SchedulerToWorker, { op: "compute" }>;
  worker.connection.send({ op: "started", task: id, attempt });
  await worker.connection.close();
  const failed = (await client.next()) as Extract<SchedulerToClient, { op: "failed" }>;
  expect(failed).toMatchObject({ op: "failed", error: { code: "WORKER_LOST" } });
  expect(failed.error.message).toContain("a worker died while running it: attempt 1 on w1");
});

test("a newcomer of the same name supersedes a worker, which is hung up on", async () => {
  const server = await startServer();
  const client = await connectClient(server);
  const first = await connectWorker(server, "twin");
  const second = await connectWorker(server, "twin");
  await first.hungUp;
  expect(await workerNames(client)).toEqual(["twin"]);
  expect(second.connection.closed).toBe(false);
});

test("a large bundle comes back to a worker in parts, byte for byte", async () => {
  const server = await startServer();
  const client = await connectClient(server);
  const worker = await connectWorker(server, "w1");
  const bytes = new Uint8Array(randomBytes(2 ** 20 * 3 + 17));
  const hash = createHash("sha256").update(bytes).digest("hex");
  client.connection.send({ op: "put-bundle", request: 1, hash, part: 0, parts: 1, bytes });
  expect(await client.next()).toEqual({ op: "reply", request: 1, value: null });
  worker.connection.send({ op: "get-bundle", hash });
  const parts: Uint8Array[] = [];
  for (let part = 0; part < 4; part++) {
    const message = (await worker.next()) as Extract<SchedulerToWorker, { op: "bundle" }>;
    expect(message).toMatchObject({ op: "bundle", hash, part, parts: 4 });
    parts.push(message.bytes);
  }
  expect(Buffer.concat(parts).equals(bytes)).toBe(true);
});

test("a bundle that nobody brought is told to be missing", async () => {
  const server = await startServer();
  const worker = await connectWorker(server, "w1");
  const hash = "0".repeat(64);
  worker.connection.send({ op: "get-bundle", hash });
  expect(await worker.next()).toMatchObject({ op: "bundle", hash, error: { code: "BAD_BUNDLE" } });
});

test("closes once it had no client for the given time, and stops its workers", async () => {
  const server = await startServer({ idleTimeoutMs: 50 });
  const client = await connectClient(server);
  const worker = await connectWorker(server, "w1");
  await client.connection.close();
  expect(await worker.next()).toMatchObject({ op: "stop", restart: false });
  await server.closed;
  await expect(connectClient(server, 200)).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
});

test("closing twice and at once is closing; workers are only stopped when that is asked for", async () => {
  const server = await startServer();
  const worker = await connectWorker(server, "w1");
  await Promise.all([server.close(), server.close(), server[Symbol.asyncDispose]()]);
  await server.closed;
  await worker.hungUp;
  expect(await Promise.race([worker.next(), Promise.resolve("nothing")])).toBe("nothing");
});

test("a broken core ends the server: it is logged, workers are stopped, and closed rejects", async () => {
  const errors: string[] = [];
  const log = { ...silentLogger, error: (_fields: object, message: string) => errors.push(message) };
  const server = await startServer({ log });
  const worker = await connectWorker(server, "w1");
  const broken = new InvariantViolation("task x is in two states; its story: …");
  vi.spyOn(SchedulerCore.prototype, "handle").mockImplementation(() => {
    throw broken;
  });
  const client = await connectClient(server);
  await expect(server.closed).rejects.toBe(broken);
  expect(await worker.next()).toMatchObject({ op: "stop" });
  await Promise.all([client.hungUp, worker.hungUp]);
  expect(errors.join()).toContain("its story");
  await server.close();
});

test("an answer that is too large for a frame becomes an error, and the server goes on", async () => {
  const server = await startServer();
  const client = await connectClient(server);
  const handle = vi.spyOn(SchedulerCore.prototype, "handle").mockImplementation((event) => {
    if (event.kind !== "client-message") return [];
    const value = [new Uint8Array(65 * 2 ** 20)];
    return [{ kind: "to-client", client: event.client, message: { op: "reply", request: 1, value } }];
  });
  client.connection.send({ op: "info", request: 1 });
  expect(await client.next()).toMatchObject({ op: "reply", request: 1, error: { code: "TOO_LARGE" } });
  handle.mockRestore();
  expect(await workerNames(client)).toEqual([]);
});

test("a port in use is told with what to do; a host that is not ours, too", async () => {
  const { port } = await startServer();
  await expect(startServer({ port })).rejects.toMatchObject({ name: "ConfigurationError", code: "PORT_IN_USE" });
  await expect(startServer({ port })).rejects.toThrow(new RegExp(`port ${port} of 127\\.0\\.0\\.1 .*another port`));
  await expect(startServer({ host: "203.0.113.1" })).rejects.toMatchObject({ code: "BAD_ADDRESS" });
});

test("a server on all addresses names one that can be dialled", async () => {
  const server = await startServer({ host: "0.0.0.0" });
  expect(server.address).not.toContain("0.0.0.0");
  const client = await connectClient(server);
  expect(await workerNames(client)).toEqual([]);
});

test("lines of workers, and the scheduler's own, are kept under their names and told to those who watch", async () => {
  const server = await startServer();
  const client = await connectClient(server);
  const worker = await connectWorker(server, "w1");
  client.connection.send({ op: "watch", request: 1, run: "r", kept: false, profile: false });
  const heard: ClusterEvent[] = [];
  const hears = async (text: string): Promise<LogLine> => {
    for (;;) {
      for (const event of heard) if (event.kind === "log" && event.line.text === text) return event.line;
      const message = await client.next();
      if (message.op === "events") heard.push(...message.events);
    }
  };
  worker.connection.send({
    op: "log",
    lines: [
      {
        atMs: 5,
        level: "warn",
        source: "task",
        run: "other",
        key: "k",
        attempt: 2,
        stream: "stderr",
        text: "not mine",
      },
      { atMs: 6, level: "info", source: "task", run: "r", key: "k", attempt: 2, stream: "stdout", text: "mine" },
      { atMs: 7, level: "info", source: "worker", text: "own" },
    ],
  });
  expect(await hears("mine")).toMatchObject({ worker: "w1", run: "r", key: "k", attempt: 2, stream: "stdout" });
  expect(await hears("own")).toMatchObject({ worker: "w1", source: "worker" });
  expect(JSON.stringify(heard)).not.toContain("not mine");
  const asks = async (request: number, query: { worker?: string; limit: number }): Promise<LogLine[]> => {
    client.connection.send({ op: "logs", request, ...query });
    for (;;) {
      const message = await client.next();
      if (message.op === "reply" && message.request === request) return message.value as LogLine[];
    }
  };
  expect((await asks(2, { worker: "w1", limit: 2 })).map(({ text }) => text)).toEqual(["mine", "own"]);
  const value = await asks(3, { limit: 100 });
  expect(value).toContainEqual(
    expect.objectContaining({ source: "scheduler", text: expect.stringContaining("scheduler listens") }),
  );
  expect(JSON.stringify(value)).not.toContain(token);
});
