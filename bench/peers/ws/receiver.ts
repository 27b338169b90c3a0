// Asks for as many payloads as each line says, and counts what comes.
import { once } from "node:events";
import { WebSocket } from "ws";
import { payloadBytes } from "../../shapes/transfer.ts";
import { answerLines } from "../answer-lines.ts";

const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}`, { perMessageDeflate: false, maxPayload: 2 ** 30 });
let onPayload: (bytes: number) => void = () => undefined;
socket.on("message", (data: Buffer) => onPayload(data.byteLength));
await once(socket, "open");

await answerLines({}, async (question) => {
  const { size } = question as { readonly size: number };
  const wantedBytes = size * payloadBytes;
  let gotBytes = 0;
  const complete = new Promise<void>((resolve) => {
    onPayload = (bytes) => {
      gotBytes += bytes;
      if (gotBytes >= wantedBytes) resolve();
    };
  });
  const startMs = performance.now();
  socket.send(String(size));
  await complete;
  const seconds = (performance.now() - startMs) / 1_000;
  if (gotBytes !== wantedBytes) throw new Error(`${gotBytes} bytes came instead of ${wantedBytes}`);
  return { "MB/s": gotBytes / 1e6 / seconds };
});
