import type http from "node:http";
import type https from "node:https";
import { acceptConnections, type Connection } from "../../protocol/connection.ts";
import { assertNever } from "../../protocol/errors.ts";
import { type ClientId, clientId, type WorkerId, workerId } from "../../protocol/ids.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import type {
  ClientToScheduler,
  Hello,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerRegistration,
  WorkerToScheduler,
} from "../../protocol/messages.ts";
import { parseClientToScheduler, parseWorkerToScheduler } from "../../protocol/parse.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import { version } from "../../protocol/version.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import { SchedulerCore } from "../core/core.ts";
import type { SchedulerEffect, SchedulerEvent } from "../core/events.ts";
import { clientEvents, workerEvents } from "../core/frames.ts";
import { heartbeatMs } from "../core/heartbeat.ts";
import { answerClient, sendBundle } from "./bundle-answers.ts";
import { BundleStore, type BundleStoreOptions } from "./bundle-store.ts";
import { CoreDriver } from "./core-driver.ts";
import { DashboardSite } from "./dashboard-site.ts";
import { Desk } from "./desk.ts";
import { createHttpServer, listen, reachableHost, type ServerTls } from "./listen.ts";
import { Observation } from "./observation.ts";
import { isListening } from "./probe.ts";

export interface SchedulerServerOptions {
  /** The address to listen on. Default "127.0.0.1": this machine only. */
  readonly host?: string | undefined;
  /** Default 8786; 0 takes any free port. */
  readonly port?: number | undefined;
  /** What clients and workers must show. */
  readonly token: string;
  /** Default: silent. */
  readonly log?: Logger | undefined;
  /** Serves wss: and https: instead of ws: and http:. */
  readonly tls?: ServerTls | undefined;
  /** As `closeWhenIdle`. Default: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** A task that no connected worker could ever run fails with NO_WORKERS after so long. Default: never. */
  readonly noWorkersTimeoutMs?: number | undefined;
  readonly bundles?: BundleStoreOptions | undefined;
  /** A worker that was cut off and is back within this time goes on as if nothing had happened. Default 30,000; 0: never. */
  readonly graceMs?: number | undefined;
  /** How many of the last events are kept, for those who begin to watch later. Default 0, and 100,000 with a dashboard. */
  readonly keptEvents?: number | undefined;
  /** A worker that is silent this long on an open socket is lost; never less than ten heartbeats. Default 30,000. */
  readonly workerTtlMs?: number | undefined;
  /** How many workers may die under a task before it fails with WORKER_LOST. Default 3. */
  readonly allowedWorkerLosses?: number | undefined;
  /** Serves pages, `/api/v1` and `/metrics`, at the same port or at one of their own (0: any free one). Default false. */
  readonly dashboard?: boolean | number | undefined;
}

export interface CloseOptions {
  /** Whether the workers are told to end, too. Default false: they wait for a scheduler to come back. */
  readonly stopWorkers?: boolean | undefined;
  /** Told to whoever is connected. */
  readonly reason?: string | undefined;
}

/** So many events are kept for whoever opens the dashboard. */
const keptForDashboard = 100_000;

const hasDashboard = (
  options: SchedulerServerOptions,
): options is SchedulerServerOptions & { readonly dashboard: true | number } =>
  options.dashboard !== undefined && options.dashboard !== false;

type ClientConnection = Connection<ClientToScheduler, SchedulerToClient>;
type WorkerConnection = Connection<WorkerToScheduler, SchedulerToWorker>;

/**
 * The scheduler's shell: sockets, numbers for whoever connects, uploaded code, and the one timer. What happens to tasks is
 * decided by the core alone.
 */
export class SchedulerServer implements AsyncDisposable {
  /** Where clients and workers connect, `ws://host:port`. */
  readonly address: string;
  readonly port: number;
  /** Resolves when the server has ended; rejects when it ended because it found itself broken. */
  readonly closed: Promise<void>;

  readonly #server: http.Server | https.Server;
  readonly #log: Logger;
  #idleTimeoutMs: number | undefined;
  readonly #accepted: { close(): Promise<void> };
  readonly #bundles: BundleStore;
  readonly #core: SchedulerCore;
  readonly #driver: CoreDriver;
  readonly #observation: Observation;
  readonly #desk: Desk;
  #site: DashboardSite | undefined;
  readonly #clients = new Map<ClientId, ClientConnection>();
  /** Those among them that only look after the cluster. */
  readonly #observers = new Set<ClientId>();
  readonly #workers = new Map<WorkerId, WorkerConnection>();
  readonly #ending = new AbortController();
  #resolveClosed!: () => void;
  #rejectClosed!: (error: unknown) => void;
  #lastId = 0;
  #idleTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  /** @throws ConfigurationError PORT_IN_USE, BAD_ADDRESS */
  static async start(options: SchedulerServerOptions): Promise<SchedulerServer> {
    const host = options.host ?? "127.0.0.1";
    const server = createHttpServer(options.tls);
    const port = await listen(server, host, options.port ?? 8786);
    const scheme = options.tls === undefined ? "ws" : "wss";
    const scheduler = new SchedulerServer(server, port, `${scheme}://${reachableHost(host)}:${port}`, options);
    try {
      await scheduler.#openDashboard(host, options);
    } catch (error) {
      await scheduler.close();
      throw error;
    }
    return scheduler;
  }

  private constructor(
    server: http.Server | https.Server,
    port: number,
    address: string,
    options: SchedulerServerOptions,
  ) {
    this.#server = server;
    this.port = port;
    this.address = address;
    this.#observation = new Observation({
      log: options.log ?? silentLogger,
      keptMax: options.keptEvents ?? (hasDashboard(options) ? keptForDashboard : 0),
      onWanted: (on) => this.#driver.dispatch([{ kind: "recording", on }]),
      workers: () => this.#workers.keys(),
      order: (worker, message) => this.#send(this.#workers.get(worker), message),
    });
    this.#log = this.#observation.logs.log;
    this.#idleTimeoutMs = options.idleTimeoutMs;
    this.#bundles = new BundleStore(options.bundles);
    this.closed = new Promise((resolve, reject) => {
      this.#resolveClosed = resolve;
      this.#rejectClosed = reject;
    });
    // Whoever cares listens to it; that nobody does must not end the process that we are a part of.
    this.closed.catch(() => undefined);
    this.#core = new SchedulerCore({
      version,
      startedAt: new Date().toISOString(),
      // The driver's clock.
      epochMs: performance.timeOrigin,
      graceMs: options.graceMs,
      workerTtlMs: options.workerTtlMs,
      allowedWorkerLosses: options.allowedWorkerLosses,
      noWorkersTimeoutMs: options.noWorkersTimeoutMs,
    });
    this.#driver = new CoreDriver(
      this.#core,
      (effect) => this.#perform(effect),
      (error) => this.#breakDown(error),
    );
    this.#desk = new Desk((events) => this.#driver.dispatch(events));
    if (this.#observation.watches.wanted) this.#driver.dispatch([{ kind: "recording", on: true }]);
    this.#accepted = acceptConnections(server, {
      token: options.token,
      version,
      log: this.#log,
      elsewhere: (request, socket, head) => this.#site?.upgrade(request, socket, head) === true,
      roles: {
        client: {
          parse: parseClientToScheduler,
          open: () => ({ id: this.#nextId(), heartbeatMs: 0 }),
          opened: (connection, hello, id) => this.#addClient(connection, hello, clientId(id)),
        },
        worker: {
          parse: parseWorkerToScheduler,
          open: () => ({ id: this.#nextId(), heartbeatMs: heartbeatMs(this.#workers.size + 1) }),
          opened: (connection, hello, id) => this.#addWorker(connection, hello, workerId(id)),
        },
      },
    });
    this.#watchIdleness();
    this.#log.info({ address }, "scheduler listens");
  }

  /** Where browsers find the dashboard; undefined without one. */
  get dashboardUrl(): string | undefined {
    return this.#site?.url;
  }

  /** From now on it closes itself, and stops its workers, once it had no client for this long. */
  closeWhenIdle(idleTimeoutMs: number): void {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#watchIdleness();
  }

  /** Hangs up on everybody and stops listening. Every call waits for the same end. */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options).then(() => this.#resolveClosed());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ stopWorkers = false, reason = "the scheduler was closed" }: CloseOptions): Promise<void> {
    this.#driver.stop();
    this.#desk.close();
    this.#ending.abort();
    clearTimeout(this.#idleTimer);
    this.#observation.close();
    if (stopWorkers) {
      for (const worker of this.#workers.values()) worker.send({ op: "stop", how: "now", restart: false, reason });
    }
    for (const client of this.#clients.values()) client.send({ op: "closing", reason });
    const stopped = new Promise((resolve) => this.#server.close(resolve));
    const connections = [...this.#clients.values(), ...this.#workers.values()];
    await Promise.all(connections.map((connection) => connection.close(reason)));
    await this.#accepted.close();
    await this.#site?.close();
    this.#server.closeAllConnections();
    await stopped;
    this.#log.info({ address: this.address, reason }, "scheduler closed");
  }

  /** Results that a broken core would hand out could be wrong, so everything ends, and says why. */
  #breakDown(error: unknown): void {
    this.#log.error({ error }, `scheduler ends because it found itself broken: ${String(error)}`);
    this.#rejectClosed(error);
    void this.close({ stopWorkers: true, reason: "the scheduler found itself broken; see its log" });
  }

  async #openDashboard(host: string, options: SchedulerServerOptions): Promise<void> {
    if (!hasDashboard(options)) return;
    const { token, tls, dashboard: at } = options;
    this.#site = await DashboardSite.open({
      at,
      host,
      token,
      tls,
      address: this.address,
      server: this.#server,
      port: this.port,
      desk: this.#desk,
      watches: this.#observation.watches,
      logs: this.#observation.logs,
      log: this.#log,
    });
    this.#observation.listener = (event) => this.#site?.add(event);
    this.#log.info({}, `the dashboard is at ${this.#site.url}`);
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  #addClient(connection: ClientConnection, hello: Hello, client: ClientId): void {
    this.#clients.set(client, connection);
    const observer = hello.observer === true;
    if (observer) this.#observers.add(client);
    else this.#watchIdleness();
    this.#log.info({ client: hello.name, remote: connection.remote }, "client connected");
    this.#driver.dispatch([{ kind: "client-connected", client, name: hello.name, session: hello.session, observer }]);
    connection.onMessages((messages) => this.#driver.dispatch(this.#forCore(client, connection, messages)));
    connection.onClose((error) => {
      this.#clients.delete(client);
      this.#bundles.forget(client);
      this.#observation.forget(connection);
      if (!this.#observers.delete(client)) this.#watchIdleness();
      this.#log.info({ client: hello.name, reason: error.message }, "client gone");
      this.#driver.dispatch([{ kind: "client-disconnected", client }]);
    });
  }

  /** Answers what is about bundles, logs and watching, and leaves the rest to the core. */
  #forCore(
    client: ClientId,
    connection: ClientConnection,
    messages: readonly ClientToScheduler[],
  ): readonly SchedulerEvent[] {
    const forCore: ClientToScheduler[] = [];
    for (const message of messages) {
      if (message.op === "watch" || message.op === "unwatch" || message.op === "logs") {
        // What was said before it happened before it.
        this.#driver.dispatch(clientEvents(client, forCore.splice(0)));
        this.#observation.answer(connection, message);
        continue;
      }
      if (message.op !== "has-bundles" && message.op !== "put-bundle") {
        forCore.push(message);
        continue;
      }
      const answer = answerClient(this.#bundles, client, message);
      if (answer !== undefined) connection.send(answer);
    }
    return clientEvents(client, forCore);
  }

  #addWorker(connection: WorkerConnection, hello: Hello, worker: WorkerId): void {
    // The handshake refuses a worker that does not bring one.
    const registration = hello.registration as WorkerRegistration;
    this.#workers.set(worker, connection);
    this.#driver.dispatch([{ kind: "worker-connected", worker, registration }]);
    this.#observation.workerJoined(worker);
    connection.onMessages((messages) => {
      const forCore: WorkerToScheduler[] = [];
      let lastProfile = false;
      for (const message of messages) {
        if (message.op === "profile" && message.last) lastProfile = true;
        if (message.op === "get-bundle") void sendBundle(this.#bundles, message.hash, connection);
        else if (message.op === "log") this.#observation.workerLogged(registration.name, message);
        else forCore.push(message);
      }
      // What a worker says after the core has given it up would only be stale.
      if (this.#workers.get(worker) === connection) this.#driver.dispatch(workerEvents(worker, forCore));
      if (lastProfile) this.#observation.workerUnsampled(worker);
    });
    connection.onClose((error) => {
      this.#observation.workerUnsampled(worker);
      if (!this.#workers.delete(worker)) return;
      this.#driver.dispatch([{ kind: "worker-disconnected", worker, reason: error.message }]);
    });
  }

  #perform(effect: SchedulerEffect): void {
    switch (effect.kind) {
      case "to-client":
        this.#send(this.#clients.get(effect.client), effect.message);
        break;
      case "to-worker":
        this.#send(this.#workers.get(effect.worker), effect.message);
        break;
      case "probe-worker":
        void isListening(effect.address, this.#ending.signal).then((found) =>
          this.#driver.dispatch([{ kind: "worker-probed", worker: effect.worker, found }]),
        );
        break;
      case "close-worker":
        this.#hangUp(effect.worker, effect.reason);
        break;
      case "record":
        this.#observation.happened(effect.event);
        break;
      case "answer":
        this.#desk.answered(effect.ask, effect.value);
        break;
      case "log":
        this.#log[effect.level](effect.fields, effect.message);
        break;
      default:
        assertNever(effect);
    }
  }

  /** A message that is too large for a frame costs the one that it is for its answer or connection, and nobody else anything. */
  #send<M extends SchedulerToClient | SchedulerToWorker>(to: Connection<unknown, M> | undefined, message: M): void {
    try {
      to?.send(message);
    } catch (error) {
      this.#log.error({ error, remote: to?.remote, op: message.op }, "a message could not be sent");
      if (message.op === "reply") to?.send({ op: "reply", request: message.request, error: toWireError(error) } as M);
      else void to?.close(String(error));
    }
  }

  #hangUp(worker: WorkerId, reason: string): void {
    const connection = this.#workers.get(worker);
    this.#workers.delete(worker);
    void connection?.close(reason);
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    if (this.#idleTimeoutMs === undefined || this.#closing !== undefined) return;
    if (this.#clients.size > this.#observers.size) return;
    this.#idleTimer = setTimeout(() => {
      if (!this.#core.idle) return this.#watchIdleness();
      const reason = `no client was connected for ${this.#idleTimeoutMs} ms`;
      void this.close({ stopWorkers: true, reason });
    }, timerMs(this.#idleTimeoutMs));
  }
}
