import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { acceptConnections, type Connection } from "../../protocol/connection.ts";
import { silentLogger } from "../../protocol/logger.ts";
import type { SchedulerToWorker, WorkerRegistration, WorkerToScheduler } from "../../protocol/messages.ts";
import { parseWorkerToScheduler } from "../../protocol/parse.ts";
import { eventually } from "../eventually.ts";

export const token = "secret";

/** One worker as this scheduler sees it: its registration, and all that it has said so far. */
export class SeenWorker {
  readonly registration: WorkerRegistration;
  readonly connection: Connection<WorkerToScheduler, SchedulerToWorker>;
  readonly said: WorkerToScheduler[] = [];
  closed = false;

  constructor(registration: WorkerRegistration, connection: Connection<WorkerToScheduler, SchedulerToWorker>) {
    this.registration = registration;
    this.connection = connection;
    connection.onMessages((messages) => this.said.push(...messages));
    connection.onClose(() => {
      this.closed = true;
    });
  }

  send(...messages: SchedulerToWorker[]): void {
    for (const message of messages) this.connection.send(message);
  }

  /** The first message of this kind, now or soon. */
  hears<Op extends WorkerToScheduler["op"]>(
    op: Op,
    which: (message: Extract<WorkerToScheduler, { op: Op }>) => boolean = () => true,
  ): Promise<Extract<WorkerToScheduler, { op: Op }>> {
    const wanted = (message: WorkerToScheduler): message is Extract<WorkerToScheduler, { op: Op }> =>
      message.op === op && which(message as Extract<WorkerToScheduler, { op: Op }>);
    return eventually(`"${op}" among ${JSON.stringify(this.said.map((message) => message.op))}`, () =>
      this.said.find(wanted),
    );
  }
}

/** Takes workers in and says only what the test says. */
export class FakeScheduler {
  readonly workers: SeenWorker[] = [];
  readonly address: string;
  readonly close: () => Promise<void>;

  static async start(port = 0): Promise<FakeScheduler> {
    const server = http.createServer();
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return new FakeScheduler(server);
  }

  private constructor(server: http.Server) {
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const accepting = acceptConnections(server, {
      token,
      version: "test",
      log: silentLogger,
      roles: {
        worker: {
          parse: parseWorkerToScheduler,
          open: () => ({ id: this.workers.length + 1, heartbeatMs: 50 }),
          opened: (connection, hello) =>
            this.workers.push(new SeenWorker(hello.registration as WorkerRegistration, connection)),
        },
      },
    });
    this.close = async () => {
      await accepting.close();
      await new Promise((resolve) => server.close(resolve));
    };
  }

  get port(): number {
    return Number(new URL(this.address).port);
  }

  /** The nth registration, now or soon. */
  worker(index: number): Promise<SeenWorker> {
    return eventually(`registration ${index}`, () => this.workers[index]);
  }
}
