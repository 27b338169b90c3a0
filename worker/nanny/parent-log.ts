import type { Logger, LogLevel } from "../../protocol/logger.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { WorkerToNanny } from "./messages.ts";

/** Logs by telling the nanny, which has the logger that somebody reads. */
export function parentLog(send: (message: WorkerToNanny) => void, context: object = {}): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      send({ kind: "log", level, fields: sendable({ ...context, ...fields }), message });
  return {
    // Whoever debugs a worker wants its nanny's logger to decide what is shown, so nothing is held back here.
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => parentLog(send, { ...context, ...fields }),
  };
}

/** Errors lose their class on the way; everything else in a log line is plain. */
function sendable(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? toWireError(value) : value]),
  );
}
