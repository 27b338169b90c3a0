import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Acceptor, acceptConnections, dial, type TlsOptions } from "../../protocol/connection.ts";
import { silentLogger } from "../../protocol/logger.ts";
import { type AnyConnection, type AnyMessage, Inbox, token } from "./loopback.ts";
import { cert, key } from "./self-signed.ts";

let server: Server;
let acceptor: Acceptor;
let port: number;

beforeEach(async () => {
  server = createServer({ key, cert });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
  const handler = {
    parse: (message: unknown) => message,
    open: () => ({ id: 1, heartbeatMs: 0 }),
    opened: (connection: AnyConnection) =>
      connection.onMessages((messages) => {
        for (const message of messages) connection.send(message);
      }),
  };
  acceptor = acceptConnections(server, { token, version: "1", log: silentLogger, roles: { client: handler } });
});
afterEach(async () => {
  await acceptor.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const connect = (tls: TlsOptions | undefined, scheme = "wss", timeoutMs = 10_000) =>
  dial<AnyMessage, AnyMessage>({
    address: `${scheme}://127.0.0.1:${port}`,
    hello: { role: "client", token, name: "tester" },
    parse: (message) => message,
    timeoutMs,
    tls,
  });

test("with the right authority, everything is as without TLS", async () => {
  const { connection } = await connect({ ca: cert });
  const inbox = new Inbox(connection);
  connection.send({ op: "x", bytes: new Uint8Array(300_000).fill(4) });
  const [echo] = await inbox.until(1);
  expect(echo.bytes.byteLength).toBe(300_000);
  expect(echo.bytes.every((byte: number) => byte === 4)).toBe(true);
});

test("a certificate that nobody vouches for is refused at once, unless that is wanted", async () => {
  await expect(connect(undefined, "wss", 60_000)).rejects.toMatchObject({
    code: "SCHEDULER_UNREACHABLE",
    retryable: false,
  });
  expect((await connect({ rejectUnauthorized: false })).connection.closed).toBe(false);
});

test("ws: to a wss: port fails within the time limit", async () => {
  await expect(connect(undefined, "ws", 300)).rejects.toMatchObject({ code: "SCHEDULER_UNREACHABLE" });
});
