import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { Client, type ClientOptions } from "../../client/client.ts";
import { acceptConnections, type Connection } from "../../protocol/connection.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { type FutureId, type TaskId, taskId } from "../../protocol/ids.ts";
import { silentLogger } from "../../protocol/logger.ts";
import type {
  ClientToScheduler,
  EncodedValue,
  PeerAnswer,
  PeerRequest,
  SchedulerToClient,
  Submission,
} from "../../protocol/messages.ts";
import { parseClientToScheduler, parsePeerRequest } from "../../protocol/parse.ts";
import { servePeer } from "../../protocol/transfer.ts";
import { encodeValue } from "../../protocol/value.ts";
import { eventually } from "../eventually.ts";

type Message<Op extends ClientToScheduler["op"]> = Extract<ClientToScheduler, { op: Op }>;

/**
 * A scheduler and a worker's store behind one address, moved by hand: it keeps what the client says, and says what the
 * test tells it to. By itself it only takes uploads of code.
 */
export class FakeCluster {
  readonly token: string = "secret";
  readonly address: string;
  readonly received: ClientToScheduler[] = [];
  readonly store: Map<TaskId, EncodedValue> = new Map();
  /** The tasks that clients asked its store for, a list for each request. */
  readonly fetched: TaskId[][] = [];
  readonly bundles: Map<string, Uint8Array[]> = new Map();
  /** The futures that it says to have kept for a client that was cut off. Undefined: it keeps nothing. */
  kept: readonly FutureId[] | undefined;
  /** What it cannot read. */
  unreadable: ClientToScheduler["op"] | undefined;
  /** How many clients it welcomed; one that comes back counts again. */
  welcomed = 0;
  #connection: Connection<ClientToScheduler, SchedulerToClient> | undefined;
  readonly #stop: () => Promise<void>;
  readonly #read = new Map<string, number>();

  static async start(): Promise<FakeCluster> {
    const server = http.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new FakeCluster(server);
  }

  private constructor(server: http.Server) {
    this.address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const open = () => ({ id: 1, heartbeatMs: 0 });
    const acceptor = acceptConnections(server, {
      token: this.token,
      version: "0.0.0",
      log: silentLogger,
      roles: {
        client: {
          parse: (message) => {
            const parsed = parseClientToScheduler(message);
            if (parsed.op === this.unreadable) throw new ProtocolError("BAD_FRAME", `"${parsed.op}" is malformed`);
            return parsed;
          },
          open,
          opened: (connection, hello) => {
            this.welcomed++;
            this.#connection = connection;
            if (hello.session?.resuming === true)
              this.tell({ op: "session", kept: this.kept !== undefined, futures: this.kept ?? [] });
            connection.onMessages((messages: readonly ClientToScheduler[]) => {
              for (const message of messages) this.#take(message);
            });
          },
        },
        peer: {
          parse: parsePeerRequest,
          open,
          opened: (connection: Connection<PeerRequest, PeerAnswer>) => {
            const watched = watch(connection, (message) => {
              if (message.op === "get") this.fetched.push([...message.tasks]);
            });
            servePeer(watched, {
              get: (task) => this.store.get(task),
              put: (task, value) => void this.store.set(task, value),
            });
          },
        },
      },
    });
    this.#stop = async () => {
      await acceptor.close();
      server.close();
      await once(server, "close");
    };
  }

  connect(options: ClientOptions = {}): Promise<Client> {
    return Client.connect(this, { timeoutMs: 5_000, ...options });
  }

  tell(...messages: SchedulerToClient[]): void {
    for (const message of messages) this.#connection?.send(message);
  }

  /** The next message of a kind that this has not returned yet. */
  async next<Op extends ClientToScheduler["op"]>(op: Op): Promise<Message<Op>> {
    return eventually(`a message "${op}"`, () => {
      const from = this.#read.get(op) ?? 0;
      const index = this.received.findIndex((message, at) => at >= from && message.op === op);
      if (index < 0) return undefined;
      this.#read.set(op, index + 1);
      return this.received[index] as Message<Op>;
    });
  }

  /** The next submission, taken as a scheduler does. */
  async accept(): Promise<Submission> {
    const submission = await this.next("submit");
    this.tell({ op: "accepted", submission: submission.submission });
    return submission;
  }

  async reply<Op extends ClientToScheduler["op"]>(op: Op, value: unknown): Promise<Message<Op>> {
    const message = await this.next(op);
    this.tell({ op: "reply", request: (message as { request: number }).request, value });
    return message;
  }

  /** Ends a task with this value, which then lies in the store. */
  finish({ future }: { readonly future: FutureId }, value: unknown, task: number = future + 1000): void {
    const encoded = encodeValue(value);
    this.store.set(taskId(task), encoded);
    this.tell({ op: "finished", future, task: taskId(task), bytes: 8, addresses: [this.address] });
  }

  /** Cuts the client off. */
  async hangUp(): Promise<void> {
    await this.#connection?.close("the scheduler ends");
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #take(message: ClientToScheduler): void {
    this.received.push(message);
    if (message.op === "has-bundles") {
      const missing = message.hashes.filter((hash) => !this.bundles.has(hash));
      this.tell({ op: "reply", request: message.request, value: missing });
    } else if (message.op === "put-bundle") {
      const parts = this.bundles.get(message.hash) ?? [];
      this.bundles.set(message.hash, [...parts, message.bytes]);
      if (message.part === message.parts - 1) this.tell({ op: "reply", request: message.request, value: null });
    }
  }
}

/** The same connection; `see` is shown each message before the listener. */
function watch<In, Out>(connection: Connection<In, Out>, see: (message: In) => void): Connection<In, Out> {
  return {
    remote: connection.remote,
    get closed() {
      return connection.closed;
    },
    send: (message) => connection.send(message),
    onMessages: (listener) =>
      connection.onMessages((messages) => {
        for (const message of messages) see(message);
        listener(messages);
      }),
    onClose: (listener) => connection.onClose(listener),
    writable: () => connection.writable(),
    close: (reason) => connection.close(reason),
  };
}
