import { cutLogText } from "./log-limits.ts";
import type { Logger, LogLevel } from "./logger.ts";

/** Told of each entry that is worth keeping: its level, and the sentence with its fields behind it. */
export type OnLogText = (level: LogLevel, text: string) => void;

/** A logger that writes to another one, and tells the texts of what it writes from level "info" on. */
export function logTee(to: Logger, onText: OnLogText, bound: object = {}): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      to[level](fields, message);
      onText(level, logText({ ...bound, ...fields }, message));
    };
  return {
    debug: (fields, message) => to.debug(fields, message),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => logTee(to.child(fields), onText, { ...bound, ...fields }),
  };
}

/** `worker joined  worker=w-1  slots=4`. What could hold a secret is left out. */
function logText(fields: object, message: string): string {
  const parts = Object.entries(fields)
    .filter(([name, value]) => name !== "token" && value !== undefined)
    .map(([name, value]) => `${name}=${shown(value)}`);
  return cutLogText([message, ...parts].join("  "));
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) return value.stack ?? String(value);
  try {
    return JSON.stringify(value, (name, inner: unknown) => (name === "token" ? undefined : inner)) ?? String(value);
  } catch {
    // It refers to itself, or holds a bigint.
    return String(value);
  }
}
