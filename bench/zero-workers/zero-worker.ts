import { type Connection, dial } from "../../protocol/connection.ts";
import type { SchedulerToWorker, WorkerRegistration, WorkerToScheduler } from "../../protocol/messages.ts";
import { parseSchedulerToWorker } from "../../protocol/parse.ts";
import { version } from "../../protocol/version.ts";

/** What every result of it is said to take. */
const resultBytes = 8;

export interface ZeroWorkerOptions {
  readonly address: string;
  readonly token: string;
  readonly name: string;
}

/** Joins a scheduler as a worker that says "done" to every task at once, and has run nothing. Gone with its connection. */
export async function startZeroWorker({ address, token, name }: ZeroWorkerOptions): Promise<void> {
  const { connection, welcome } = await dial<SchedulerToWorker, WorkerToScheduler>({
    address,
    hello: { role: "worker", token, name, registration: registrationOf(name) },
    parse: parseSchedulerToWorker,
    timeoutMs: 30_000,
  });
  connection.onMessages((messages) => {
    for (const message of messages) answer(connection, message);
  });
  const heartbeat = setInterval(() => connection.send(idle), welcome.heartbeatMs);
  connection.onClose(() => clearInterval(heartbeat));
}

function answer(connection: Connection<SchedulerToWorker, WorkerToScheduler>, message: SchedulerToWorker): void {
  switch (message.op) {
    case "compute": {
      const nowMs = Date.now();
      const { task, attempt } = message;
      connection.send({ op: "done", task, attempt, bytes: resultBytes, startMs: nowMs, endMs: nowMs });
      break;
    }
    case "replicate":
      for (const { task, bytes } of message.inputs) connection.send({ op: "stored", task, bytes });
      break;
    case "stop":
      void connection.close(message.reason);
      break;
    default:
    // What was done cannot be taken back, and there is nothing to free.
  }
}

const idle: WorkerToScheduler = {
  op: "heartbeat",
  memoryBytes: 0,
  storedBytes: 0,
  cpuPercent: 0,
  eventLoopDelayMs: 0,
  sentBytes: 0,
  receivedBytes: 0,
};

/** Nobody listens at its address: there is nothing to fetch. */
const registrationOf = (name: string): WorkerRegistration => ({
  name,
  address: `ws://${name}.invalid:1`,
  host: "127.0.0.1",
  pid: process.pid,
  slots: 1,
  executor: "threads",
  memoryLimitBytes: 0,
  resources: {},
  version,
  nodeVersion: process.version,
});
