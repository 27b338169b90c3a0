// Answers each task at once, without running anything.
import { answerLines } from "../answer-lines.ts";
import type { ToScheduler, ToWorker } from "./messages.ts";
import { MessageSocket } from "./socket.ts";

/** So many tasks are under way to a worker that it never waits for the next. */
const slots = 64;

const socket = await MessageSocket.connect<ToWorker, ToScheduler>(Number(process.argv[2]));
const held = new Set<number>();
socket.onClose(() => process.exit(0));
socket.onMessages((messages) => {
  const answers: ToScheduler[] = [];
  for (const message of messages) {
    if (message.op === "free") {
      held.delete(message.id);
    } else {
      held.add(message.id);
      answers.push({ op: "done", id: message.id, bytes: 8 });
    }
  }
  if (answers.length > 0) socket.send(answers);
});
socket.send([{ op: "worker", slots }]);
await answerLines({}, async () => ({}));
