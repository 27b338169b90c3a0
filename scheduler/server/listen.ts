import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { ConfigurationError } from "../../protocol/errors.ts";
import { externalAddress, isWildcard } from "../../protocol/external-address.ts";

/** The server's own certificate and key; with `requestCert` and `ca`, only clients that show one of theirs are let in. */
export type ServerTls = Pick<https.ServerOptions, "cert" | "key" | "ca" | "passphrase" | "requestCert" | "minVersion">;

/** An HTTP server that tells its health to anybody and nothing else; WebSockets are attached to it by its owner. */
export function createHttpServer(tls: ServerTls | undefined): http.Server | https.Server {
  return tls === undefined ? http.createServer(answer) : https.createServer(tls, answer);
}

/** Without a token: load balancers and container probes ask for it. */
function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
  const isHealth = request.url === "/health" && (request.method === "GET" || request.method === "HEAD");
  const body = JSON.stringify({ status: isHealth ? "ok" : "not found" });
  response.writeHead(isHealth ? 200 : 404, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(request.method === "HEAD" ? undefined : body);
}

/**
 * Resolves with the port once the server listens.
 * @throws ConfigurationError PORT_IN_USE, BAD_ADDRESS
 */
export function listen(server: http.Server | https.Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
    server.once("error", onError);
    server.listen({ host, port }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ConfigurationError {
  if (error.code === "EADDRINUSE") {
    return new ConfigurationError(
      "PORT_IN_USE",
      `port ${port} of ${host} is in use, perhaps by another scheduler: connect to that one, stop it, or choose another port (0 takes any free one)`,
      { cause: error, details: { host, port } },
    );
  }
  const advice =
    error.code === "EACCES"
      ? `port ${port} needs rights that this process does not have: choose one above 1023`
      : "give an address or name of this machine as host, such as 127.0.0.1, or 0.0.0.0 for all of them";
  return new ConfigurationError("BAD_ADDRESS", `cannot listen on ${host}, port ${port} (${error.message}): ${advice}`, {
    cause: error,
    details: { host, port },
  });
}

/** The host to tell others, for a server that listens on `host`: a wildcard is not an address that can be dialled. */
export function reachableHost(host: string): string {
  if (isWildcard(host)) return externalAddress() ?? hostname();
  return host.includes(":") ? `[${host}]` : host;
}
