// Asks the sender for what it has made, which has to be as many payloads as each line says, and looks at each that comes.
import { once } from "node:events";
import { WebSocket } from "ws";
import { payloadByte, payloadBytes } from "../../shapes/transfer.ts";
import { answerLines } from "../answer-lines.ts";

const socket = new WebSocket(`ws://127.0.0.1:${process.argv[2]}`, { perMessageDeflate: false, maxPayload: 2 ** 30 });
let onPayload: (payload: Buffer) => void = () => undefined;
socket.on("message", (data: Buffer) => onPayload(data));
await once(socket, "open");

await answerLines({}, async (question) => {
  const { size } = question as { readonly size: number };
  const complete = new Promise<void>((resolve, reject) => {
    let came = 0;
    onPayload = (payload) => {
      const byte = payloadByte(came);
      if (payload.byteLength !== payloadBytes || payload[0] !== byte || payload.at(-1) !== byte)
        reject(new Error(`payload ${came} is not what it has to be`));
      came += 1;
      if (came === size) resolve();
    };
  });
  const startMs = performance.now();
  socket.send("");
  await complete;
  const seconds = (performance.now() - startMs) / 1_000;
  return { "MB/s": (size * payloadBytes) / 1e6 / seconds };
});
