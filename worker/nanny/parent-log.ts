import type { Logger, LogLevel } from "../../protocol/logger.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { WorkerToNanny } from "./messages.ts";

/** What was logged, on its way to the process or thread whose logger somebody reads. */
export type LogMessage = Extract<WorkerToNanny, { readonly kind: "log" }>;

/** Logs by telling the parent (a worker's nanny, a scheduler thread's host), which has the logger that somebody reads. */
export function parentLog(send: (message: LogMessage) => void, context: object = {}): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void =>
      tell(send, { kind: "log", level, fields: sendable({ ...context, ...fields }), message });
  return {
    // Whoever debugs a worker wants its nanny's logger to decide what is shown, so nothing is held back here.
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => parentLog(send, { ...context, ...fields }),
  };
}

/** What cannot be cloned into another process costs the line its fields, not the process its life. */
function tell(send: (message: LogMessage) => void, line: LogMessage): void {
  try {
    send(line);
  } catch {
    send({ ...line, fields: {} });
  }
}

/** Errors lose their class on the way; everything else in a log line is plain. */
function sendable(fields: object): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? toWireError(value) : value]),
  );
}
