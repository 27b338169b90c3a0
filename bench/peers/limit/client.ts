// Sends merges and waits for their last task, once for each line that it is given.
import { answerLines } from "../answer-lines.ts";
import type { ToClient, ToScheduler } from "./messages.ts";
import { MessageSocket } from "./socket.ts";

const socket = await MessageSocket.connect<ToClient, ToScheduler>(Number(process.argv[2]));
let onResult: (id: number) => void = () => undefined;
socket.onMessages(([message]) => {
  if (message !== undefined) onResult(message.id);
});
socket.send([{ op: "client" }]);

await answerLines({}, async (question) => {
  const { size } = question as { readonly size: number };
  const startMs = performance.now();
  const ended = new Promise<number>((resolve) => {
    onResult = resolve;
  });
  const leaves = Array.from({ length: size }, (_, i) => i);
  socket.send([
    {
      op: "graph",
      fns: Array.from({ length: size + 1 }, () => 3),
      args: Array.from({ length: size + 1 }, (_, i) => [i]),
      deps: [...leaves.map(() => null), leaves],
      wanted: [size],
    },
  ]);
  const id = await ended;
  if (id !== size) throw new Error(`task ${id} ended instead of ${size}`);
  return { "tasks/s": ((size + 1) / (performance.now() - startMs)) * 1_000 };
});
