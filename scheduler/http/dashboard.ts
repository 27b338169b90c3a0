import type http from "node:http";
import type https from "node:https";
import type { Duplex } from "node:stream";
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from "fastify";
import { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import type { Desk } from "../server/desk.ts";
import type { Logs } from "../server/logs.ts";
import type { Watches } from "../server/watches.ts";
import { serveApi } from "./api.ts";
import { Gate } from "./gate.ts";
import { secureHeaders } from "./headers.ts";
import { HttpError } from "./http-error.ts";
import { Live } from "./live.ts";
import { Metrics } from "./metrics.ts";
import { servePages } from "./pages.ts";

export interface DashboardOptions {
  /** It listens already; requests to it are answered from now on. */
  readonly server: http.Server | https.Server;
  readonly port: number;
  readonly token: string;
  /** Where clients and workers connect. */
  readonly address: string;
  readonly tls: boolean;
  readonly desk: Desk;
  readonly watches: Watches;
  readonly log: Logger;
  readonly logs: Pick<Logs, "recent">;
}

/** What everybody may ask for: whoever has no token yet, and load balancers. */
const open: ReadonlySet<string> = new Set(["/health", "/login", "/login.css"]);
const bodyBytesMax = 64 * 1024;
const urlLengthMax = 8 * 1024;
const livePath = "/api/v1/live";

/** The scheduler's HTTP side: pages, `/api/v1`, `/metrics`, `/health`. Everything but health asks for the token. */
export class Dashboard {
  readonly #app: FastifyInstance;
  readonly #gate: Gate;
  readonly #live: Live;
  readonly #metrics: Metrics;

  static async open(options: DashboardOptions): Promise<Dashboard> {
    const dashboard = new Dashboard(options);
    await dashboard.#app.ready();
    return dashboard;
  }

  private constructor({ server, port, token, address, tls, desk, watches, log, logs }: DashboardOptions) {
    this.#gate = new Gate({ token, port, secure: tls });
    this.#live = new Live(desk, watches);
    this.#metrics = new Metrics(desk);
    // What happened before anybody scraped.
    for (const event of watches.kept.all()) this.#metrics.add(event);
    this.#app = fastify({
      bodyLimit: bodyBytesMax,
      // The length of a URL is bounded as a whole.
      routerOptions: { maxParamLength: urlLengthMax },
      // An address that does not decode reaches no hook: it must not tell more than any other.
      frameworkErrors: (error, request, reply) => {
        reply.headers(secureHeaders);
        return refuse(() => this.#gate.check(request.raw), error, reply);
      },
      serverFactory: (handler) => {
        server.removeAllListeners("request");
        server.on("request", handler);
        return server as http.Server;
      },
    });
    this.#guard(log);
    const app = this.#app;
    app.get("/health", async () => ({ status: "ok" }));
    app.get("/metrics", async (_, reply) => {
      const text = await this.#metrics.text();
      return reply.type(this.#metrics.contentType).send(text);
    });
    serveApi(app, {
      desk,
      address,
      kept: watches.kept,
      logs,
    });
    servePages(app, this.#gate, this.#live);
  }

  /** Something happened on the cluster. */
  add(event: ClusterEvent): void {
    this.#metrics.add(event);
  }

  /** Takes what browsers ask for, and leaves what clients and workers do: false. */
  upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): boolean {
    if (pathOf(request.url) !== livePath) return false;
    try {
      this.#gate.check(request);
      this.#live.upgrade(request, socket, head);
    } catch (error) {
      const { statusCode = 500 } = error as Partial<HttpError>;
      socket.on("error", () => socket.destroy());
      socket.end(`HTTP/1.1 ${statusCode} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    }
    return true;
  }

  async close(): Promise<void> {
    this.#live.close();
    await this.#app.close();
  }

  /** Limits, the token, and how refusals are told: the same for every address, whether there is something or not. */
  #guard(log: Logger): void {
    const app = this.#app;
    app.addHook("onRequest", async (request, reply) => {
      reply.headers(secureHeaders);
      if (request.raw.url === undefined || request.raw.url.length > urlLengthMax)
        throw new HttpError("TOO_LARGE", `the address is longer than ${urlLengthMax} characters`);
      const path = pathOf(request.raw.url);
      if (open.has(path)) return;
      // A person is shown where to log in; a program is told.
      if (path === "/" && request.headers.authorization === undefined) {
        try {
          this.#gate.check(request.raw);
        } catch {
          return reply.redirect("login", 303);
        }
        return;
      }
      this.#gate.check(request.raw);
    });
    app.removeContentTypeParser("text/plain");
    app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_, body, done) =>
      done(null, new URLSearchParams(String(body))),
    );
    app.setNotFoundHandler(() => {
      throw new HttpError("NOT_FOUND", "there is nothing at this address: docs/api.md lists what there is");
    });
    app.setErrorHandler((error: FastifyError | HttpError | Error, request, reply) => {
      const told = asHttpError(error);
      if (told.code === "INTERNAL") log.error({ error, path: pathOf(request.raw.url) }, "a request failed");
      return answerWith(told, reply);
    });
  }
}

/** Says what is wrong with a request, to those whom `check` lets through. */
function refuse(check: () => unknown, error: Error, reply: FastifyReply): FastifyReply {
  let told: HttpError;
  try {
    check();
    told = asHttpError(error);
  } catch (refusal) {
    told = asHttpError(refusal as Error);
  }
  return answerWith(told, reply);
}

function answerWith(told: HttpError, reply: FastifyReply): FastifyReply {
  if (told.retryAfterMs !== undefined) reply.header("retry-after", Math.ceil(told.retryAfterMs / 1_000));
  if (told.code === "UNAUTHORIZED") reply.header("www-authenticate", "Bearer");
  return reply.code(told.statusCode).send(told.body);
}

const pathOf = (url: string | undefined): string => url?.split("?", 1)[0] ?? "";

function asHttpError(error: FastifyError | HttpError | Error): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof ClusterError && error.code === "CLOSED") return new HttpError("UNAVAILABLE", error.message);
  const { statusCode, message } = error as FastifyError;
  if (statusCode === 413) return new HttpError("TOO_LARGE", `a body may have at most ${bodyBytesMax} bytes`);
  // What fastify says of a request that it cannot read: of our own there is nothing in it.
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new HttpError("BAD_REQUEST", message);
  return new HttpError("INTERNAL", "the scheduler could not answer; its log says why");
}
