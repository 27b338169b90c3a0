import { pino } from "pino";
import type { Logger, LogLevel } from "../protocol/logger.ts";
import { printable } from "./printable.ts";

const levelNames: Readonly<Record<number, string>> = { 20: "debug", 30: "info ", 40: "warn ", 50: "error" };

/** Writes to stderr, for people: `12:03:04.512 info  worker joined  worker=w-1`. Stdout belongs to the command's output. */
export function createLog(level: LogLevel): Logger {
  const destination = {
    write(line: string): void {
      process.stderr.write(`${printable(readable(JSON.parse(line) as Record<string, unknown>))}\n`);
    },
  };
  return pino({ level, base: null, redact: ["token", "*.token"] }, destination);
}

function readable({ time, level, msg, err, ...fields }: Record<string, unknown>): string {
  const clock = new Date(Number(time)).toISOString().slice(11, 23);
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`,
  );
  const reason = isError(err) ? (err.stack ?? err.message) : undefined;
  return [`${clock} ${levelNames[Number(level)] ?? level} ${msg}`, ...details, ...(reason ? [reason] : [])].join("  ");
}

function isError(value: unknown): value is { readonly message: string; readonly stack?: string } {
  return typeof value === "object" && value !== null && "message" in value;
}
