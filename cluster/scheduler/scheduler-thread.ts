import { parentPort, workerData } from "node:worker_threads";
import { toWireError } from "../../protocol/wire-error.ts";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import { parentLog } from "../../worker/nanny/parent-log.ts";
import type { FromSchedulerThread, SchedulerThreadOptions, ToSchedulerThread } from "./scheduler-messages.ts";

// The entry point of the thread that a LocalCluster's scheduler runs in: what the user computes on the main thread, for
// however long, must not keep the scheduler from answering.

if (parentPort === null) throw new Error("this module is the entry point of a thread");
const port = parentPort;
const tell = (message: FromSchedulerThread): void => port.postMessage(message);

const log = parentLog(({ level, fields, message }) => tell({ op: "log", level, fields, message }));

try {
  const server = await SchedulerServer.start({ ...(workerData as SchedulerThreadOptions), log });
  port.on("message", (message: ToSchedulerThread) => {
    if (message.op === "close-when-idle") server.closeWhenIdle(message.idleTimeoutMs);
    else void server.close({ stopWorkers: true, reason: message.reason });
  });
  server.closed
    .then(
      () => tell({ op: "closed" }),
      (error: unknown) =>
        server.close().then(() => tell({ op: "closed", error: toWireError(error, "INVARIANT_VIOLATION") })),
    )
    .finally(() => port.close());
  tell({ op: "started", address: server.address, dashboardUrl: server.dashboardUrl });
} catch (error) {
  tell({ op: "failed", error: toWireError(error, "INVARIANT_VIOLATION") });
  port.close();
}
