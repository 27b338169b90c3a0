import { stripVTControlCharacters } from "node:util";
import type { LogLine } from "../protocol/record.ts";
import { printable } from "./printable.ts";

/**
 * A line of a log for people: when, how grave, whose, and what. Colours and control characters that its writer put in are
 * taken out; further lines of one entry stand indented below the first.
 */
export function describeLogLine({ atMs, level, worker, key, attempt, stream, text }: LogLine): string {
  const clock = new Date(atMs).toISOString().slice(11, 23);
  const times = attempt !== undefined && attempt > 1 ? ` (attempt ${attempt})` : "";
  const who = [worker ?? "scheduler", ...(key === undefined ? [] : [`${key}${times}`])].join(" ");
  const whence = stream === "stderr" ? " stderr" : "";
  const said = stripVTControlCharacters(text).split(/\r?\n/).map(printable).join("\n  ");
  return `${clock} ${level.padEnd(5)} ${printable(who)}${whence}: ${said}`;
}
