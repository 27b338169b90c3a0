// Sends as many payloads as it is asked for over a WebSocket. It is the serving end, which does not have to mask what it sends.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { payloadBytes } from "../../shapes/transfer.ts";
import { answerLines } from "../answer-lines.ts";

const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", (data: Buffer) => {
    const count = Number(data.toString());
    for (let i = 0; i < count; i++) socket.send(new Uint8Array(payloadBytes).fill(i % 251));
  });
});
await once(server, "listening");
await answerLines({ port: (server.address() as AddressInfo).port }, async () => ({}));
