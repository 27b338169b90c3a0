import { parentPort, workerData } from "node:worker_threads";
import type { Logger, LogLevel } from "../../protocol/logger.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import { SchedulerServer } from "../../scheduler/server/scheduler-server.ts";
import type { FromSchedulerThread, SchedulerThreadOptions, ToSchedulerThread } from "./scheduler-messages.ts";

// The entry point of the thread that a LocalCluster's scheduler runs in: what the user computes on the main thread, for
// however long, must not keep the scheduler from answering.

if (parentPort === null) throw new Error("this module is the entry point of a thread");
const port = parentPort;
const tell = (message: FromSchedulerThread): void => port.postMessage(message);

function logger(bound: object): Logger {
  const say =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      tell({ op: "log", level, fields: sendable({ ...bound, ...fields }), message });
  return {
    debug: say("debug"),
    info: say("info"),
    warn: say("warn"),
    error: say("error"),
    child: (fields) => logger({ ...bound, ...fields }),
  };
}

/** A log line must get out whatever somebody put into its fields. */
function sendable(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value instanceof Error
        ? (value.stack ?? value.message)
        : typeof value === "object"
          ? JSON.stringify(value)
          : value,
    ]),
  );
}

try {
  const server = await SchedulerServer.start({ ...(workerData as SchedulerThreadOptions), log: logger({}) });
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
  tell({ op: "started", address: server.address });
} catch (error) {
  tell({ op: "failed", error: toWireError(error, "INVARIANT_VIOLATION") });
  port.close();
}
