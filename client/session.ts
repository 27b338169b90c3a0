import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { closeCodes } from "../protocol/close-codes.ts";
import type { Connection, TlsOptions } from "../protocol/connection.ts";
import { ClusterError, ProtocolError, type WireError } from "../protocol/errors.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { ClientToScheduler, SchedulerToClient } from "../protocol/messages.ts";
import { timerMs } from "../protocol/timer-ms.ts";
import { toWireError } from "../protocol/wire-error.ts";
import { localError } from "./local-error.ts";
import { Unconfirmed } from "./unconfirmed.ts";

/** A scheduler that takes a connection and drops it again must not be asked hundreds of times a second. */
const pauseMs = 100;

export interface SessionOptions {
  readonly address: string;
  readonly token: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly tls: TlsOptions | undefined;
  /** How long to try to get a lost connection back. */
  readonly reconnectMs: number;
  readonly detach: boolean;
  /** It only looks after the cluster, which may be idle meanwhile. */
  readonly observer?: boolean | undefined;
}

type Wire = Connection<SchedulerToClient, ClientToScheduler>;
type Reply = Extract<SchedulerToClient, { op: "reply" }>;
/** What the scheduler tells by itself. */
export type News = Exclude<SchedulerToClient, Reply | { op: "session" | "closing" }>;

export interface SessionListener {
  onNews(news: News): void;
  /** The connection was lost and is back. These are the futures that the scheduler keeps; their states follow as news. */
  onResumed(futures: readonly FutureId[]): void;
  /** Once: nothing more can be sent or will come. */
  onEnd(error: ClusterError): void;
}

interface Outage {
  readonly deadlineMs: number;
  readonly over: Promise<void>;
  /** Whether the conversation goes on, or not. */
  readonly end: () => void;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A conversation with a scheduler that survives the loss of its connection: sends, matches replies to requests, says again
 * what may have been lost, and says why it ended.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #id: string;
  readonly #waiting = new Map<number, Waiting>();
  /** Requests whose answer never comes over another connection. */
  readonly #uploads = new Set<number>();
  readonly #unconfirmed = new Unconfirmed();
  readonly #closing = new AbortController();
  #listener: SessionListener | undefined;
  /** Undefined while it is lost. */
  #connection: Wire | undefined;
  /** Set from the loss of the connection until the scheduler has taken the conversation up again: nothing is sent meanwhile. */
  #outage: Outage | undefined;
  #lastRequest = 0;
  #ended: ClusterError | undefined;

  static async open(options: SessionOptions): Promise<Session> {
    const id = randomUUID();
    return new Session(options, id, await connect(options, id, options.timeoutMs, false));
  }

  private constructor(options: SessionOptions, id: string, connection: Wire) {
    this.#options = options;
    this.#id = id;
    this.#connection = connection;
  }

  /** Of the scheduler. */
  get address(): string {
    return this.#options.address;
  }

  /** As pages and logs show it. */
  get name(): string {
    return this.#options.name;
  }

  /** Why nothing can be sent any more. */
  get ended(): ClusterError | undefined {
    return this.#ended;
  }

  listen(listener: SessionListener): void {
    this.#listener = listener;
    if (this.#connection !== undefined) this.#use(this.#connection);
  }

  /**
   * While the connection is lost, what may still matter is kept, to be sent over the next.
   * @throws ClusterError CONNECTION_LOST or CLOSED; ProtocolError TOO_LARGE
   */
  send(message: ClientToScheduler): void {
    if (this.#ended !== undefined) throw this.#ended;
    this.#unconfirmed.add(message);
    try {
      if (this.#outage === undefined) this.#connection?.send(message);
    } catch (error) {
      this.#unconfirmed.drop(message);
      throw error;
    }
  }

  /** Resolves with the value of the reply; rejects with its error, or with why there will be none. */
  request<Value>(build: (request: number) => ClientToScheduler): Promise<Value> {
    const request = ++this.#lastRequest;
    return new Promise<Value>((resolve, reject) => {
      this.#waiting.set(request, { resolve: resolve as (value: unknown) => void, reject });
      try {
        const message = build(request);
        if (message.op === "put-bundle") this.#uploads.add(request);
        this.send(message);
      } catch (error) {
        this.#waiting.delete(request);
        throw error;
      }
    });
  }

  /** Resolves when there is a connection and more may be sent over it without filling memory, or at the end. */
  async writable(): Promise<void> {
    await this.#outage?.over;
    await this.#connection?.writable();
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    if (this.#ended === undefined) connection?.send({ op: "goodbye", reason: "the client was closed" });
    this.#end(new ClusterError("CLOSED", "the client was closed"));
    await connection?.close("the client was closed");
  }

  #use(connection: Wire): void {
    this.#connection = connection;
    connection.onMessages((messages) => {
      for (const message of messages) this.#take(connection, message);
    });
    connection.onClose((error) => {
      if (this.#connection !== connection || this.#ended !== undefined) return;
      this.#connection = undefined;
      for (const request of this.#uploads) {
        this.#waiting.get(request)?.reject(error);
        this.#waiting.delete(request);
      }
      this.#uploads.clear();
      const refusal = refusalBehind(error);
      // What either end cannot accept it would not accept over the next connection either.
      if (refusal !== undefined) this.#end(refusal);
      else if (this.#options.reconnectMs === 0 || error.code !== "CONNECTION_LOST") this.#end(error);
      else void this.#connectAgain(error);
    });
  }

  #take(connection: Wire, message: SchedulerToClient): void {
    if (this.#connection !== connection) return;
    this.#unconfirmed.answered(message);
    if (message.op === "reply") this.#answer(message);
    else if (message.op === "session") this.#resumed(connection, message.kept, message.futures);
    else if (message.op === "closing") this.#lose(`the scheduler ended: ${message.reason}`);
    else this.#listener?.onNews(message);
  }

  #resumed(connection: Wire, kept: boolean, futures: readonly FutureId[]): void {
    if (!kept) return this.#lose("the scheduler was restarted, or this client was cut off for too long");
    for (const message of this.#unconfirmed.all()) this.#sendLate(connection, message);
    this.#outage?.end();
    this.#outage = undefined;
    this.#listener?.onResumed(futures);
  }

  /** Whoever said it has gone on since, so that what cannot be sent is told like a refusal. */
  #sendLate(connection: Wire, message: ClientToScheduler): void {
    try {
      connection.send(message);
    } catch (error) {
      this.#unconfirmed.drop(message);
      const refusal = toWireError(error);
      if (message.op === "submit")
        this.#listener?.onNews({ op: "rejected", submission: message.submission, error: refusal });
      else if ("request" in message) this.#answer({ op: "reply", request: message.request, error: refusal });
    }
  }

  #lose(why: string): void {
    const connection = this.#connection;
    this.#end(new ClusterError("CONNECTION_LOST", `the connection to ${this.#options.address} is lost: ${why}`));
    void connection?.close(why);
  }

  /** Until there is a connection again, or the time is over. */
  async #connectAgain(cause: ClusterError): Promise<void> {
    this.#outage ??= outage(this.#options.reconnectMs, () => this.#lose(cause.message));
    const { deadlineMs } = this.#outage;
    const { signal } = this.#closing;
    try {
      await delay(pauseMs, undefined, { signal });
      const timeoutMs = Math.max(1, deadlineMs - performance.now());
      const connection = await connect(this.#options, this.#id, timeoutMs, true, signal);
      if (this.#ended === undefined) this.#use(connection);
      else await connection.close("the client was closed");
    } catch {
      // That it could not be reached again says less than why it was lost.
      this.#end(cause);
    }
  }

  #answer({ request, value, error }: Reply): void {
    const waiting = this.#waiting.get(request);
    this.#waiting.delete(request);
    this.#uploads.delete(request);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(localError(error as WireError));
  }

  #end(error: ClusterError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#connection = undefined;
    this.#outage?.end();
    this.#outage = undefined;
    this.#closing.abort();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#listener?.onEnd(error);
  }
}

/** The connection is lost because the scheduler could not take what this client said, and would hear it again. */
function refusalBehind(lost: ClusterError): ProtocolError | undefined {
  const { closeCode, reason } = lost.details;
  if (closeCode !== closeCodes.unreadable && closeCode !== closeCodes.tooLarge) return undefined;
  const why = reason === "" ? `it closed the connection with code ${closeCode}` : reason;
  return new ProtocolError(
    closeCode === closeCodes.tooLarge ? "TOO_LARGE" : "BAD_FRAME",
    `the scheduler could not take what this client sent: ${why}`,
    { cause: lost, details: lost.details },
  );
}

function outage(reconnectMs: number, onDeadline: () => void): Outage {
  const timer = setTimeout(onDeadline, timerMs(reconnectMs));
  let end = (): void => {};
  const over = new Promise<void>((resolve) => {
    end = (): void => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { deadlineMs: performance.now() + reconnectMs, over, end };
}

async function connect(
  { address, token, name, tls, detach, reconnectMs, observer }: SessionOptions,
  id: string,
  timeoutMs: number,
  resuming: boolean,
  signal?: AbortSignal,
): Promise<Wire> {
  // Loaded when somebody connects: the slots of workers import Muster, too, and few of their tasks do.
  const [{ dial }, { parseSchedulerToClient }] = await Promise.all([
    import("../protocol/dial.ts"),
    import("../protocol/parse-client.ts"),
  ]);
  const { connection } = await dial<SchedulerToClient, ClientToScheduler>({
    address,
    // For one that would not come back nobody is to wait.
    hello: {
      role: "client",
      token,
      name,
      session: reconnectMs > 0 || detach ? { id, resuming, detach } : undefined,
      observer,
    },
    parse: parseSchedulerToClient,
    timeoutMs,
    tls,
    signal,
  });
  return connection;
}
