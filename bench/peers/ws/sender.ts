// Makes as many payloads as each line says, and sends them over a WebSocket when it gets any message there. It is the serving
// end, which does not have to mask what it sends.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { payloadByte, payloadBytes } from "../../shapes/transfer.ts";
import { answerLines } from "../answer-lines.ts";

let payloads: readonly Uint8Array[] = [];
const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
server.on("connection", (socket) => {
  socket.on("message", () => {
    for (const payload of payloads) socket.send(payload);
  });
});
await once(server, "listening");
await answerLines({ port: (server.address() as AddressInfo).port }, async (question) => {
  const { size } = question as { readonly size: number };
  // Those of the question before are given up before there are new ones.
  payloads = [];
  payloads = Array.from({ length: size }, (_, i) => new Uint8Array(payloadBytes).fill(payloadByte(i)));
  return {};
});
