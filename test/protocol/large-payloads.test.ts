import { createHash } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { LargePayloads } from "../../protocol/large-payloads.ts";

const messageBytesMax = 1 << 20;
const largeBytes = 16 * 1024;

let server: Server;
let sockets: Socket[];
beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.once("data", (request) => socket.write(`${upgradeOf(request.toString())}\r\n\r\n`));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

function upgradeOf(request: string): string {
  const key = /sec-websocket-key: (.*)\r\n/i.exec(request)?.[1] ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
}

/** A WebSocket whose large payloads are taken out below it, and the socket at the server's end. */
async function connect(): Promise<{ ws: WebSocket; payloads: LargePayloads; far: Socket }> {
  const payloads = new LargePayloads(messageBytesMax);
  const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    createConnection: ((to: { port: number }) => payloads.connect(to)) as never,
  });
  ws.binaryType = "fragments";
  ws.once("upgrade", () => payloads.upgraded());
  await once(ws, "open");
  return { ws, payloads, far: sockets.at(-1) as Socket };
}

const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9 } as const;

function frame(kind: number, fin: boolean, payload: Uint8Array, announced = payload.byteLength, mask = 0): Buffer {
  const first = kind | (fin ? 0x80 : 0);
  if (announced < 126) return Buffer.concat([Buffer.from([first, mask | announced]), payload]);
  const header = Buffer.alloc(announced < 65_536 ? 4 : 10);
  header[0] = first;
  header[1] = mask | (announced < 65_536 ? 126 : 127);
  if (announced < 65_536) header.writeUInt16BE(announced, 2);
  else header.writeBigUInt64BE(BigInt(announced), 2);
  return Buffer.concat([header, payload]);
}

/** The frames of one message, with a ping in between where asked for. */
function framesOf(fragments: readonly Uint8Array[], pings: boolean): Buffer[] {
  return fragments.flatMap((fragment, index) => {
    const kind = index === 0 ? opcode.binary : opcode.continuation;
    const sent = frame(kind, index === fragments.length - 1, fragment);
    return pings ? [frame(opcode.ping, true, Buffer.from("still there?")), sent] : [sent];
  });
}

/** As ws delivers them, that is without those that are empty. */
const delivered = (fragments: readonly Uint8Array[]): string[] =>
  fragments.filter(({ byteLength }) => byteLength > 0).map((fragment) => Buffer.from(fragment).toString("latin1"));

async function receive(ws: WebSocket, payloads: LargePayloads, count: number): Promise<string[][]> {
  const messages: string[][] = [];
  await new Promise<void>((resolve) => {
    ws.on("message", (data) => {
      messages.push(payloads.restore(data as Buffer[]).map((fragment) => fragment.toString("latin1")));
      if (messages.length === count) resolve();
    });
  });
  return messages;
}

const fragment = fc
  .oneof(
    fc.constantFrom(0, 1, 125, 126, largeBytes - 1, largeBytes, 65_535, 65_536, 200_000),
    fc.integer({ min: 0, max: 300 }),
  )
  .chain((bytes) => fc.integer({ min: 1, max: 255 }).map((value) => new Uint8Array(bytes).map((_, i) => value + i)));

describe("large payloads", () => {
  test("reach whoever listens as they were sent, wherever the stream is cut", async () => {
    const message = fc.array(fragment, { minLength: 1, maxLength: 4 });
    const run = fc.record({
      messages: fc.array(message, { minLength: 1, maxLength: 4 }),
      pings: fc.boolean(),
      cuts: fc.array(fc.constantFrom(1, 2, 3, 9, 10, 11, 1_000, 70_000), { minLength: 1, maxLength: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(run, async ({ messages, pings, cuts }) => {
        const { ws, payloads, far } = await connect();
        const received = receive(ws, payloads, messages.length);
        const stream = Buffer.concat(messages.flatMap((fragments) => framesOf(fragments, pings)));
        far.setNoDelay();
        for (let offset = 0, cut = 0; offset < stream.byteLength; cut++) {
          const bytes = cuts[cut % cuts.length] ?? 1;
          // Only some cuts, or a stream of a megabyte would be written byte by byte.
          const end = cut < 40 ? offset + bytes : stream.byteLength;
          await new Promise((resolve) => far.write(stream.subarray(offset, end), resolve));
          offset = end;
        }
        expect(await received).toEqual(messages.map(delivered));
        ws.terminate();
      }),
      { numRuns: 40 },
    );
  });

  test("of several connections at once do not mix, though all are received in the same memory", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const arrayBufferBytes = (): number => {
      collect();
      return process.memoryUsage().arrayBuffers;
    };
    const before = arrayBufferBytes();
    const connections: Awaited<ReturnType<typeof connect>>[] = [];
    while (connections.length < 40) connections.push(await connect());
    expect(arrayBufferBytes() - before).toBeLessThan((40 * 256 * 1024) / 2);
    const messagesOf = (connection: number): Uint8Array[][] =>
      [150_000, 20_000, 40].map((bytes) => [Buffer.alloc(bytes, connection), Buffer.alloc(bytes, 100 + connection)]);
    const received = connections.map(({ ws, payloads }) => receive(ws, payloads, 3));
    const streams = connections.map((_, index) =>
      Buffer.concat(messagesOf(index).flatMap((one) => framesOf(one, true))),
    );
    // Each is cut into pieces, and the pieces of all are sent in turns.
    for (let offset = 0; streams.some(({ byteLength }) => offset < byteLength); offset += 30_011)
      for (const [index, { far }] of connections.entries())
        far.write(streams[index]?.subarray(offset, offset + 30_011) ?? "");
    expect(await Promise.all(received)).toEqual(connections.map((_, index) => messagesOf(index).map(delivered)));
    for (const { ws } of connections) ws.terminate();
  });

  test("come in memory of their own, which ws never sees", async () => {
    const { ws, payloads, far } = await connect();
    const arrived = once(ws, "message");
    far.write(Buffer.concat(framesOf([Buffer.from("head"), Buffer.alloc(100_000, 7)], false)));
    const [data] = (await arrived) as [Buffer[]];
    expect(data.map(({ byteLength }) => byteLength)).toEqual([4, 1]);
    const [head, large] = payloads.restore(data);
    expect(head?.toString()).toBe("head");
    expect([large?.byteLength, large?.buffer.byteLength]).toEqual([100_000, 100_000]);
    ws.terminate();
  });

  test.each([
    ["in one fragment", [messageBytesMax + 1]],
    ["in several", [messageBytesMax / 2, messageBytesMax / 2 + 1]],
  ])("above the limit of a message end the connection: %s", async (_, sizes) => {
    const { ws, far } = await connect();
    const failed = once(ws, "error");
    far.write(
      Buffer.concat(
        framesOf(
          sizes.map((bytes) => Buffer.alloc(bytes, 1)),
          false,
        ),
      ),
    );
    expect(await failed).toMatchObject([{ code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" }]);
    ws.terminate();
  });

  test.each([
    ["2^52", 2n ** 52n],
    ["2^63", 2n ** 63n],
    ["2^64 - 1", 2n ** 64n - 1n],
  ])("that are announced as larger than anything end the connection, and nothing else: %s", async (_, announced) => {
    const { ws, far } = await connect();
    const failed = once(ws, "error");
    const header = Buffer.from([opcode.binary | 0x80, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
    header.writeBigUInt64BE(announced, 2);
    far.write(header);
    expect(await failed).toMatchObject([{ code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" }]);
    ws.terminate();
  });

  test("that are masked, as only a client's may be, end the connection", async () => {
    const { ws, far } = await connect();
    const failed = once(ws, "error");
    far.write(frame(opcode.binary, true, Buffer.alloc(100_000), 100_000, 0x80));
    expect(await failed).toMatchObject([{ code: "WS_ERR_UNEXPECTED_MASK" }]);
    ws.terminate();
  });

  test("that break off are not delivered", async () => {
    const { ws, far } = await connect();
    let messages = 0;
    ws.on("message", () => messages++);
    const closed = once(ws, "close");
    far.end(frame(opcode.binary, true, Buffer.alloc(50_000), 100_000));
    expect((await closed)[0]).toBe(1006);
    expect(messages).toBe(0);
  });

  test("of a server that speaks before it is spoken to are left to ws", async () => {
    server.removeAllListeners("connection");
    server.on("connection", (socket) => {
      sockets.push(socket);
      socket.once("data", (request) => {
        const early = framesOf([Buffer.alloc(20_000, 3)], false);
        socket.write(Buffer.concat([Buffer.from(`${upgradeOf(request.toString())}\r\n\r\n`), ...early]));
      });
    });
    const payloads = new LargePayloads(messageBytesMax);
    const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      perMessageDeflate: false,
      createConnection: ((to: { port: number }) => payloads.connect(to)) as never,
    });
    ws.binaryType = "fragments";
    ws.once("upgrade", () => payloads.upgraded());
    const [data] = (await once(ws, "message")) as [Buffer[]];
    expect(payloads.restore(data).map(({ byteLength }) => byteLength)).toEqual([20_000]);
    ws.terminate();
  });
});
