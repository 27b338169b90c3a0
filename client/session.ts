import { type Connection, dial, type TlsOptions } from "../protocol/connection.ts";
import { ClusterError, type WireError } from "../protocol/errors.ts";
import type { ClientToScheduler, SchedulerToClient } from "../protocol/messages.ts";
import { parseSchedulerToClient } from "../protocol/parse.ts";
import { localError } from "./local-error.ts";

export interface SessionOptions {
  readonly address: string;
  readonly token: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly tls: TlsOptions | undefined;
}

type Reply = Extract<SchedulerToClient, { op: "reply" }>;
/** What the scheduler tells by itself. */
export type News = Exclude<SchedulerToClient, Reply>;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One connection to a scheduler: sends, matches replies to requests, and says why it ended. */
export class Session {
  readonly #connection: Connection<SchedulerToClient, ClientToScheduler>;
  readonly #waiting = new Map<number, Waiting>();
  #lastRequest = 0;
  #ended: ClusterError | undefined;

  static async open(options: SessionOptions): Promise<Session> {
    const { address, token, name, timeoutMs, tls } = options;
    const { connection } = await dial<SchedulerToClient, ClientToScheduler>({
      address,
      hello: { role: "client", token, name },
      parse: parseSchedulerToClient,
      timeoutMs,
      tls,
    });
    return new Session(connection);
  }

  constructor(connection: Connection<SchedulerToClient, ClientToScheduler>) {
    this.#connection = connection;
  }

  /** Why nothing can be sent any more. */
  get ended(): ClusterError | undefined {
    return this.#ended;
  }

  /** Hands on what the scheduler tells, and once, why the connection ended. */
  listen(onNews: (news: News) => void, onEnd: (error: ClusterError) => void): void {
    this.#connection.onMessages((messages) => {
      for (const message of messages) {
        if (message.op === "reply") this.#answer(message);
        else onNews(message);
      }
    });
    this.#connection.onClose((error) => {
      this.#end(error);
      onEnd(error);
    });
  }

  /** @throws ClusterError CONNECTION_LOST or CLOSED; ProtocolError TOO_LARGE */
  send(message: ClientToScheduler): void {
    if (this.#ended !== undefined) throw this.#ended;
    this.#connection.send(message);
  }

  /** Resolves with the value of the reply; rejects with its error, or with why there will be none. */
  request<Value>(build: (request: number) => ClientToScheduler): Promise<Value> {
    const request = ++this.#lastRequest;
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(request, { resolve: resolve as (value: unknown) => void, reject });
      try {
        this.send(build(request));
      } catch (error) {
        this.#waiting.delete(request);
        throw error;
      }
    });
  }

  /** Resolves when more may be sent without filling memory. */
  writable(): Promise<void> {
    return this.#connection.writable();
  }

  async close(): Promise<void> {
    this.#end(new ClusterError("CLOSED", "the client was closed"));
    await this.#connection.close("the client was closed");
  }

  #answer({ request, value, error }: Reply): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(localError(error as WireError));
  }

  #end(error: ClusterError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
