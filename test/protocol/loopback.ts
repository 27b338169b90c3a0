import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Acceptor,
  acceptConnections,
  type Connection,
  type DialOptions,
  dial,
  type RoleHandler,
} from "../../protocol/connection.ts";
import { silentLogger } from "../../protocol/logger.ts";
import type { Hello, Role, Welcome } from "../../protocol/messages.ts";

/** Messages of any shape: what these tests send is their own affair. */
export type AnyMessage = any;
export type AnyConnection = Connection<AnyMessage, AnyMessage>;

export const token = "the-token";

/** A real server on a free port of this machine that remembers whom it welcomed. */
export class Loopback {
  readonly port: number;
  readonly welcomed: { connection: AnyConnection; hello: Hello; id: number }[] = [];
  readonly #server: Server;
  readonly #acceptor: Acceptor;
  readonly #waiting: (() => void)[] = [];
  #lastId = 0;

  static start(role: Role = "client", handler: Partial<RoleHandler> = {}): Promise<Loopback> {
    return Loopback.startOn(0, role, handler);
  }

  static async startOn(port: number, role: Role = "client", handler: Partial<RoleHandler> = {}): Promise<Loopback> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return new Loopback(server, role, handler);
  }

  private constructor(server: Server, role: Role, handler: Partial<RoleHandler>) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    const complete: RoleHandler = {
      parse: (message) => message,
      open: () => ({ id: ++this.#lastId, heartbeatMs: 500 }),
      opened: (connection, hello, id) => {
        this.welcomed.push({ connection, hello, id });
        for (const wake of this.#waiting.splice(0)) wake();
      },
      ...handler,
    };
    this.#acceptor = acceptConnections(server, {
      token,
      version: "1.2.3",
      log: silentLogger,
      roles: { [role]: complete },
    });
  }

  get address(): string {
    return `ws://127.0.0.1:${this.port}`;
  }

  dial(options: Partial<DialOptions<AnyMessage>> = {}): Promise<{ connection: AnyConnection; welcome: Welcome }> {
    return dial({
      address: this.address,
      hello: { role: "client", token, name: "tester" },
      parse: (message) => message,
      timeoutMs: 10_000,
      ...options,
    });
  }

  /** Both ends of a new connection. */
  async pair(options: Partial<DialOptions<AnyMessage>> = {}): Promise<{ near: AnyConnection; far: AnyConnection }> {
    const count = this.welcomed.length;
    const { connection: near } = await this.dial(options);
    while (this.welcomed.length === count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return { near, far: (this.welcomed[count] as { connection: AnyConnection }).connection };
  }

  async close(): Promise<void> {
    await this.#acceptor.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Collects what a connection receives, and waits for a number of messages. */
export class Inbox {
  readonly messages: AnyMessage[] = [];
  readonly batches: number[] = [];
  #wake: (() => void) | undefined;

  constructor(connection: AnyConnection) {
    connection.onMessages((messages) => {
      this.messages.push(...messages);
      this.batches.push(messages.length);
      this.#wake?.();
    });
  }

  async until(count: number): Promise<readonly AnyMessage[]> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.messages;
  }
}

export const closeOf = (connection: AnyConnection): Promise<Error & { code: string }> =>
  new Promise((resolve) => connection.onClose(resolve));
