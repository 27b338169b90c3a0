import type { FastifyInstance } from "fastify";
import type { Gate } from "./gate.ts";
import { HttpError } from "./http-error.ts";
import type { Listener, Live } from "./live.ts";
import { liveAssets } from "./live-assets.ts";
import { loginPage, loginStyle } from "./login-page.ts";

/** A line that says nothing, so that proxies do not take a quiet stream for a dead one. */
const keepAliveMs = 15_000;

/** Registers what browsers load, logging in and out, and the stream for those that get no WebSocket. */
export function servePages(app: FastifyInstance, gate: Gate, live: Live): void {
  app.get("/login", async (_, reply) => reply.type("text/html; charset=utf-8").send(loginPage("")));
  app.get("/login.css", async (_, reply) => reply.type("text/css; charset=utf-8").send(loginStyle));

  app.post("/login", async (request, reply) => {
    const shown = request.body instanceof URLSearchParams ? (request.body.get("token") ?? "") : "";
    try {
      reply.header("set-cookie", gate.logIn(shown.trim(), request.raw));
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const { statusCode, message, retryAfterMs } = error;
      if (retryAfterMs !== undefined) reply.header("retry-after", Math.ceil(retryAfterMs / 1_000));
      const page = loginPage(`${message[0]?.toUpperCase()}${message.slice(1)}.`);
      return reply.code(statusCode).type("text/html; charset=utf-8").send(page);
    }
    return reply.redirect("./", 303);
  });

  app.post("/logout", async (request, reply) => {
    reply.header("set-cookie", gate.logOut(request.raw));
    return reply.redirect("login", 303);
  });

  app.get("/", async (_, reply) => {
    const { page } = await liveAssets();
    return reply.type("text/html; charset=utf-8").send(page);
  });

  app.get<{ Params: { name: string } }>("/assets/:name", async ({ params: { name } }, reply) => {
    const asset = (await liveAssets()).files.get(name);
    if (asset === undefined) throw new HttpError("NOT_FOUND", "this file is of another version: reload the page");
    return reply.type(asset.type).header("cache-control", "private, max-age=31536000, immutable").send(asset.content);
  });

  app.get("/api/v1/live/events", (request, reply) => {
    const listener: Listener = {
      tell: (text) => reply.raw.write(`data: ${text}\n\n`),
      bufferedBytes: () => reply.raw.writableLength,
      close: () => reply.raw.end(),
    };
    reply.hijack();
    const headers = reply.getHeaders() as Record<string, string>;
    reply.raw.writeHead(200, { ...headers, "content-type": "text/event-stream", "x-accel-buffering": "no" });
    const timer = setInterval(() => reply.raw.write(":\n\n"), keepAliveMs).unref();
    request.raw.once("close", () => {
      clearInterval(timer);
      live.remove(listener);
    });
    if (!live.add(listener)) reply.raw.end();
  });
}
