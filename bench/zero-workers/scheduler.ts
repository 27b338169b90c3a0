// A scheduler in a process of its own, which says how much of its heap is in use: `node --expose-gc`.
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { answerLines } from "../peers/answer-lines.ts";

const server = await SchedulerServer.start({ port: 0, token: process.env["MUSTER_TOKEN"] ?? "" });
const { gc } = globalThis as { gc?: () => void };

await answerLines({ address: server.address }, async () => {
  gc?.();
  return { heapBytes: process.memoryUsage().heapUsed };
});
