import type http from "node:http";
import type https from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import type { Connection } from "./connection.ts";
import { ConfigurationError, ProtocolError } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { Hello, Refusal, Role, Welcome } from "./messages.ts";
import type { Parse } from "./parse-fields.ts";
import { parseHello, protocolOf } from "./parse-handshake.ts";
import { maxFrameBytes, SocketConnection } from "./socket-connection.ts";
import { sameToken } from "./token.ts";
import { protocolVersion } from "./version.ts";
import { toWireError } from "./wire-error.ts";

/** How long whoever connects may take to say hello. */
const helloDeadlineMs = 10_000;
/** Who has not shown the token yet may not make us buffer more than this. */
const helloBytesMax = 256 * 1024;

/** What one role may do here. */
export interface RoleHandler {
  /** Parses each message after the hello. */
  readonly parse: Parse<unknown>;
  /** Gives the newcomer its number. May throw a ClusterError to refuse it. */
  open(hello: Hello): { id: number; heartbeatMs: number };
  /** Takes the connection over, right after the welcome was sent. `id` is the number that `open` gave. */
  // biome-ignore lint/suspicious/noExplicitAny: each role has message types of its own, which its `parse` guarantees
  opened(connection: Connection<any, any>, hello: Hello, id: number): void;
}

export interface AcceptOptions {
  /** What everybody who connects must show. */
  readonly token: string;
  /** The roles that are served here; every other is refused. */
  readonly roles: Readonly<Partial<Record<Role, RoleHandler>>>;
  /** Muster's version, told to whoever connects. */
  readonly version: string;
  readonly log: Logger;
  /** Is offered every upgrade first; returns true for one that it takes. */
  readonly elsewhere?: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => boolean;
}

export interface Acceptor {
  /** Takes no more connections and closes those that it took. The server itself stays as it is. */
  close(): Promise<void>;
}

type AnyConnection = SocketConnection<unknown, unknown>;

/** Serves WebSocket upgrades of an HTTP server, on any path. A connection that is refused is told why first. */
export function acceptConnections(server: http.Server | https.Server, options: AcceptOptions): Acceptor {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: maxFrameBytes,
  });
  const connections = new Set<AnyConnection>();

  const upgrade = (request: http.IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (options.elsewhere?.(request, socket, head) === true) return;
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const { remoteAddress, remotePort } = request.socket;
      const remote = `${remoteAddress ?? "?"}:${remotePort ?? "?"}`;
      const connection: AnyConnection = new SocketConnection({ ws, socket, remote, log: options.log });
      connections.add(connection);
      connection.onClose(() => connections.delete(connection));
      void admit(connection, request.socket, options);
    });
  };
  server.on("upgrade", upgrade);

  return {
    async close() {
      server.off("upgrade", upgrade);
      await Promise.all(Array.from(connections, (connection) => connection.close("the other end is shutting down")));
    },
  };
}

/** The handshake. Whatever goes wrong concerns this connection alone. */
async function admit(connection: AnyConnection, socket: Socket, options: AcceptOptions): Promise<void> {
  const deadline = setTimeout(
    () => refuse(connection, new ProtocolError("BAD_FRAME", `no hello came within ${helloDeadlineMs} ms`), options.log),
    helloDeadlineMs,
  ).unref();
  const bytesBefore = socket.bytesRead;
  const limitSize = (): void => {
    if (socket.bytesRead - bytesBefore > helloBytesMax) socket.destroy();
  };
  socket.on("data", limitSize);
  try {
    const { hello, handler } = check(await connection.first(), options);
    connection.remote = `${hello.role} ${hello.name} (${connection.remote})`;
    const { id, heartbeatMs } = handler.open(hello);
    const welcome: Welcome = { op: "welcome", protocol: protocolVersion, version: options.version, id, heartbeatMs };
    connection.send(welcome);
    connection.flush();
    connection.start(handler.parse);
    handOver(() => handler.opened(connection, hello, id), connection, options.log);
  } catch (error) {
    refuse(connection, error, options.log);
  } finally {
    clearTimeout(deadline);
    socket.off("data", limitSize);
  }
}

/** After the welcome it is too late for a refusal. */
function handOver(opened: () => void, connection: AnyConnection, log: Logger): void {
  try {
    opened();
  } catch (error) {
    log.error({ error, remote: connection.remote }, "a new connection ends because it could not be taken over");
    void connection.close("it could not be taken over");
  }
}

function refuse(connection: AnyConnection, error: unknown, log: Logger): void {
  if (connection.closed) return;
  const wire = toWireError(error, "INVARIANT_VIOLATION");
  log.warn({ error, remote: connection.remote }, "a connection was refused");
  connection.send({ op: "refusal", error: { ...wire, stack: undefined, cause: undefined } } satisfies Refusal);
  void connection.close(`${wire.code}: ${wire.message}`);
}

/** The version comes first: what an older or newer peer sends may not be a hello that we can read. */
function check(message: unknown, { token, roles, version }: AcceptOptions): { hello: Hello; handler: RoleHandler } {
  const protocol = protocolOf(message);
  if (protocol !== undefined && protocol !== protocolVersion) {
    const here = `this end speaks protocol ${protocolVersion} (Muster ${version})`;
    throw new ProtocolError(
      "VERSION_MISMATCH",
      `${here}, who connects speaks protocol ${protocol}: install the same version of muster on both ends`,
      { details: { protocol, expected: protocolVersion, version } },
    );
  }
  const hello = parseHello(message);
  if (!sameToken(hello.token, token)) {
    throw new ProtocolError(
      "BAD_TOKEN",
      `the token of ${hello.role} ${hello.name} is ${hello.token === "" ? "missing" : "wrong"}: pass the scheduler's own, by the option \`token\` or the variable MUSTER_TOKEN`,
    );
  }
  const handler = roles[hello.role];
  if (handler === undefined) {
    const served = Object.keys(roles).join(" and ");
    throw new ConfigurationError(
      "BAD_ADDRESS",
      `a ${hello.role} cannot connect here: this address serves only the role ${served}. Use the scheduler's address`,
    );
  }
  return { hello, handler };
}
