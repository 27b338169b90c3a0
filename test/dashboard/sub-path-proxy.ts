import { once } from "node:events";
import http from "node:http";
import { type AddressInfo, connect } from "node:net";

export interface SubPathProxy extends AsyncDisposable {
  /** Ends in a slash. */
  readonly url: string;
  /** The paths that browsers asked it for, below its own and outside of it. */
  readonly asked: readonly string[];
}

export interface SubPathProxyOptions {
  /** Such as "/clusters/one/". */
  readonly path: string;
  /** Whether it lets WebSockets through. */
  readonly upgrades: boolean;
}

/** A proxy as many have it: it takes a prefix off each path, and calls what is behind it by that one's own host. */
export async function subPathProxy(target: string, { path, upgrades }: SubPathProxyOptions): Promise<SubPathProxy> {
  const { hostname, port } = new URL(target);
  const asked: string[] = [];
  const sockets = new Set<{ destroy(): void }>();
  const behind = (url: string | undefined): string | undefined => {
    asked.push(url ?? "");
    return url?.startsWith(path) ? url.slice(path.length - 1) : undefined;
  };
  const headersOf = (request: http.IncomingMessage): http.OutgoingHttpHeaders => ({
    ...request.headers,
    host: `${hostname}:${port}`,
    "x-forwarded-host": request.headers.host,
  });
  const server = http.createServer((request, response) => {
    const inner = behind(request.url);
    if (inner === undefined) return void response.writeHead(404).end();
    const onward = http.request(
      { hostname, port, path: inner, method: request.method, headers: headersOf(request) },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => {
    const inner = behind(request.url);
    if (inner === undefined || !upgrades) return void socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    const onward = connect(Number(port), hostname, () => {
      const lines = Object.entries(headersOf(request)).map(([name, value]) => `${name}: ${value}`);
      onward.write(`GET ${inner} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on("error", () => [socket, onward].forEach((each) => void each.destroy()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
