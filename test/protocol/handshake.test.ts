import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { ClusterError, ConfigurationError, ProtocolError } from "../../protocol/errors.ts";
import { FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { protocolVersion } from "../../protocol/version.ts";
import { closeOf, Inbox, Loopback, token } from "./loopback.ts";

let loopback: Loopback;
beforeEach(async () => {
  loopback = await Loopback.start();
});
afterEach(async () => {
  vi.useRealTimers();
  await loopback.close();
});

const hello = { role: "client", token, name: "tester" } as const;

async function refusalOf(options: Parameters<Loopback["dial"]>[0]): Promise<ClusterError> {
  try {
    await loopback.dial(options);
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterError);
    return error as ClusterError;
  }
  throw new Error("it was not refused");
}

describe("a welcome", () => {
  test("carries number, version and heartbeat; the handler gets connection, hello and number", async () => {
    const { welcome, connection } = await loopback.dial();
    expect(welcome).toEqual({ op: "welcome", protocol: protocolVersion, version: "1.2.3", id: 1, heartbeatMs: 500 });
    expect(connection.remote).toBe(loopback.address);
    expect(loopback.welcomed[0]).toMatchObject({ id: 1, hello: { name: "tester", role: "client" } });
    expect(loopback.welcomed[0]?.connection.remote).toMatch(/^client tester \(127\.0\.0\.1:\d+\)$/);
  });

  test("what the handler sends at once is not lost", async () => {
    await loopback.close();
    loopback = await Loopback.start("client", { opened: (connection) => connection.send({ op: "first" }) });
    const { connection } = await loopback.dial();
    expect(await new Inbox(connection).until(1)).toEqual([{ op: "first" }]);
  });

  test("an address without scheme will do", async () => {
    const { connection } = await loopback.dial({ address: `127.0.0.1:${loopback.port}` });
    expect(connection.closed).toBe(false);
  });
});

describe("a refusal comes at once and says why", () => {
  test("the token is wrong, or missing", async () => {
    const wrong = await refusalOf({ hello: { ...hello, token: "guess" } });
    expect(wrong).toBeInstanceOf(ProtocolError);
    expect(wrong.code).toBe("BAD_TOKEN");
    expect(wrong.message).toContain("client tester is wrong");
    expect(wrong.message).not.toContain(token);
    const missing = await refusalOf({ hello: { ...hello, token: "" } });
    expect(missing.code).toBe("BAD_TOKEN");
    expect(missing.message).toContain("is missing");
    expect(loopback.welcomed).toEqual([]);
  });

  test("the protocol version is another", async () => {
    const error = await refusalOf({ protocol: 7 });
    expect(error.code).toBe("VERSION_MISMATCH");
    expect(error.message).toMatch(
      new RegExp(`protocol ${protocolVersion} \\(Muster 1\\.2\\.3\\).*protocol 7: install the same version`),
    );
  });

  test("the role is not served here", async () => {
    const error = await refusalOf({ hello: { ...hello, role: "peer" } });
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("serves only the role client");
  });

  test("a worker without a registration", async () => {
    const error = await refusalOf({ hello: { ...hello, role: "worker" } });
    expect(error.code).toBe("BAD_FRAME");
    expect(error.message).toContain("registration");
  });

  test("whatever the handler throws", async () => {
    await loopback.close();
    loopback = await Loopback.start("client", {
      open() {
        throw new ClusterError("CLOSED", "the scheduler is shutting down");
      },
    });
    expect(await refusalOf({})).toMatchObject({ code: "CLOSED", message: "the scheduler is shutting down" });
  });
});

test("a handler that fails to take a connection over loses that one alone", async () => {
  await loopback.close();
  let fails = true;
  loopback = await Loopback.start("client", {
    opened() {
      if (fails) throw new Error("no room");
    },
  });
  const { connection } = await loopback.dial();
  expect(await closeOf(connection)).toMatchObject({ code: "CONNECTION_LOST" });
  fails = false;
  expect((await loopback.dial()).connection.closed).toBe(false);
});

test("what is sent right behind the hello, and does not parse, ends the connection", async () => {
  const [frame] = new FrameWriter().encode([{ op: "hello", protocol: protocolVersion, ...hello }, { op: "bad" }]);
  await loopback.close();
  loopback = await Loopback.start("client", {
    parse() {
      throw new TypeError("unexpected");
    },
  });
  const ws = new WebSocket(loopback.address);
  ws.on("open", () => ws.send(frame as Uint8Array));
  const reason = await new Promise<string>((resolve) => ws.on("close", (_code, text) => resolve(text.toString())));
  expect(reason).toBe("BAD_FRAME: a message could not be parsed");
});

describe("whoever does not shake hands", () => {
  /** What a raw WebSocket is told after it sent this. */
  async function answerTo(send: (ws: WebSocket) => void): Promise<{ refusal: unknown; closeCode: number }> {
    const ws = new WebSocket(loopback.address);
    ws.binaryType = "fragments";
    let refusal: unknown;
    ws.on("message", (data) => {
      [refusal] = new FrameReader().decode(data as Buffer[]);
    });
    ws.on("open", () => send(ws));
    ws.on("error", () => undefined);
    const closeCode = await new Promise<number>((resolve) => ws.on("close", resolve));
    return { refusal, closeCode };
  }

  test("sends something else first", async () => {
    const [frame] = new FrameWriter().encode([{ op: "info", request: 1 }]);
    const { refusal } = await answerTo((ws) => ws.send(frame as Uint8Array));
    expect(refusal).toMatchObject({ op: "refusal", error: { code: "BAD_FRAME" } });
  });

  test("sends bytes that are no frame", async () => {
    expect((await answerTo((ws) => ws.send(Buffer.from([0, 0, 0, 0, 0xc1])))).closeCode).toBe(1008);
    expect((await answerTo((ws) => ws.send(Buffer.from([1])))).closeCode).toBe(1008);
  });

  test("sends text", async () => {
    expect((await answerTo((ws) => ws.send("hello"))).closeCode).toBe(1008);
  });

  test("sends too much: it is cut off", async () => {
    expect((await answerTo((ws) => ws.send(new Uint8Array(4 * 1024 * 1024)))).closeCode).toBe(1006);
  });

  test("is silent: it is refused after 10 seconds", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answered = answerTo(() => vi.advanceTimersByTime(10_000));
    const { refusal } = await answered;
    expect(refusal).toMatchObject({ error: { code: "BAD_FRAME", message: "no hello came within 10000 ms" } });
  });

  test("hangs up: nothing remains of it, and others are served", async () => {
    const socket = connect(loopback.port, "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    socket.write("GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    socket.destroy();
    expect((await loopback.dial()).connection.closed).toBe(false);
  });
});

describe("dialling", () => {
  let server: Server | undefined;
  let sockets: Socket[] = [];
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
    sockets = [];
  });

  const listen = async (made: Server, port = 0): Promise<number> => {
    server = made;
    made.on("connection", (socket) => sockets.push(socket));
    await new Promise<void>((resolve) => made.listen(port, "127.0.0.1", resolve));
    return (made.address() as AddressInfo).port;
  };

  /** A port that nobody listens on. */
  async function freePort(): Promise<number> {
    const port = await listen(createServer());
    await new Promise((resolve) => server?.close(resolve));
    server = undefined;
    return port;
  }

  test("nobody listens: the error names address, time and reason", async () => {
    const port = await freePort();
    const error = await refusalOf({ address: `ws://127.0.0.1:${port}`, timeoutMs: 300 });
    expect(error).toMatchObject({ code: "SCHEDULER_UNREACHABLE", retryable: true });
    expect(error.message).toContain(`ws://127.0.0.1:${port} could not be reached within 300 ms: nobody listens there`);
  });

  test("somebody listens a little later: it works", async () => {
    const port = loopback.port;
    await loopback.close();
    const dialled = loopback.dial({ address: `ws://127.0.0.1:${port}` });
    const later = createServer();
    let attempts = 0;
    later.on("upgrade", (_request, socket) => {
      attempts++;
      socket.destroy();
    });
    await listen(later, port);
    await vi.waitUntil(() => attempts >= 2, { timeout: 10_000 });
    await new Promise((resolve) => later.close(resolve));
    server = undefined;
    loopback = await Loopback.startOn(port);
    expect((await dialled).welcome.id).toBe(1);
  });

  test("something listens that never answers: the time limit holds", async () => {
    const port = await listen(createTcpServer() as unknown as Server);
    const error = await refusalOf({ address: `ws://127.0.0.1:${port}`, timeoutMs: 200 });
    expect(error.code).toBe("SCHEDULER_UNREACHABLE");
    expect(error.message).toContain("did not answer in time");
  });

  test("an ordinary web server answers: no second attempt", async () => {
    let requests = 0;
    const port = await listen(
      createServer((_request, response) => {
        requests++;
        response.writeHead(404).end();
      }),
    );
    const error = await refusalOf({ address: `ws://127.0.0.1:${port}`, timeoutMs: 60_000 });
    expect(error).toMatchObject({ code: "SCHEDULER_UNREACHABLE", retryable: false });
    expect(error.message).toContain("status 404");
    expect(requests).toBe(1);
  });

  test("the caller gives up, before or meanwhile: the dialling ends at once", async () => {
    const port = await listen(createTcpServer() as unknown as Server);
    const address = `ws://127.0.0.1:${port}`;
    const before = await refusalOf({ address, timeoutMs: 60_000, signal: AbortSignal.abort() });
    expect(before.message).toContain("the attempt was given up");
    const controller = new AbortController();
    const meanwhile = refusalOf({ address, timeoutMs: 60_000, signal: controller.signal });
    await vi.waitUntil(() => sockets.length > 0, { timeout: 10_000 });
    controller.abort();
    expect((await meanwhile).code).toBe("SCHEDULER_UNREACHABLE");
  });

  test("without retries a refused connection is final", async () => {
    const error = await refusalOf({ address: `ws://127.0.0.1:${await freePort()}`, timeoutMs: 60_000, retry: false });
    expect(error.message).toContain("nobody listens there");
  });

  test("the address is none", async () => {
    expect(await refusalOf({ address: "http://127.0.0.1:1" })).toMatchObject({ code: "BAD_ADDRESS" });
  });

  test("the acceptor closes: both ends are told", async () => {
    const { near, far } = await loopback.pair();
    const [nearEnd, farEnd] = [closeOf(near), closeOf(far)];
    await loopback.close();
    expect((await nearEnd).message).toContain("shutting down");
    expect((await farEnd).code).toBe("CLOSED");
    loopback = await Loopback.start();
  });
});
