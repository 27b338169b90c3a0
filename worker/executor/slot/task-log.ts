import { inspect } from "node:util";
import type { Logger, LogLevel } from "../../../protocol/logger.ts";

/** The logger of a task's context: each entry becomes one line, the sentence first, then the fields. */
export function taskLog(write: (level: LogLevel, line: string) => void, bound: object = {}): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      const all = { ...bound, ...fields };
      const shown = Object.keys(all).length === 0 ? "" : ` ${inspect(all, { breakLength: Number.POSITIVE_INFINITY })}`;
      write(level, `${message}${shown}`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => taskLog(write, { ...bound, ...fields }),
  };
}
