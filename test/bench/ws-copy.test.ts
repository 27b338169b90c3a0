import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { ProgramGroup } from "../../bench/peers/program-group.ts";
import { wsCopy } from "../../bench/peers/ws/ws-copy.ts";
import { payloadByte, payloadBytes, transfer } from "../../bench/shapes/transfer.ts";

const options = { name: "the copy", importer: new URL("../../bench/peers/ws/ws-copy.ts", import.meta.url).href };

test("copies the bytes of a transfer, as often as it is asked", async () => {
  await using copy = await wsCopy.start();
  for (const size of [3, 5]) expect(await copy.measure(transfer, size)).toEqual({ "MB/s": expect.any(Number) });
});

test("the payloads are made before they are asked for", async () => {
  await ProgramGroup.start(options, async (group) => {
    await using _ended = group;
    const sender = await group.launch<{ readonly port: number }>("sender");
    await sender.ask({ size: 2 });
    const socket = new WebSocket(`ws://127.0.0.1:${sender.hello.port}`);
    await once(socket, "open");
    const came: Buffer[] = [];
    const both = new Promise<void>((resolve) => {
      socket.on("message", (payload: Buffer) => came.push(payload) === 2 && resolve());
    });
    // Not a word of how many: it is those that are there.
    socket.send("");
    await both;
    socket.terminate();
    expect(came.map((payload) => [payload.byteLength, payload[0]])).toEqual(
      [0, 1].map((i) => [payloadBytes, payloadByte(i)]),
    );
  });
});

test.each<[string, (payload: Uint8Array) => Uint8Array]>([
  ["its first byte", (payload) => payload.fill(9, 0, 1)],
  ["its last byte", (payload) => payload.fill(9, -1)],
  ["its length", (payload) => payload.subarray(1)],
])("a payload is looked at: %s", async (_what, spoil) => {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    socket.on("message", () => {
      for (const i of [0, 1]) {
        const payload = new Uint8Array(payloadBytes).fill(payloadByte(i));
        socket.send(i === 1 ? spoil(payload) : payload);
      }
    });
  });
  try {
    await once(server, "listening");
    await ProgramGroup.start(options, async (group) => {
      await using _ended = group;
      const receiver = await group.launch("receiver", [String((server.address() as AddressInfo).port)]);
      await expect(receiver.ask({ size: 2 })).rejects.toThrow("payload 1 is not what it has to be");
    });
  } finally {
    server.close();
  }
});
