import type { LogLevel } from "../../protocol/logger.ts";
import type { ClusterEvent, LogLine } from "../../protocol/record.ts";

export interface LogFilter {
  readonly source?: LogLine["source"] | undefined;
  readonly worker?: string | undefined;
  readonly run?: string | undefined;
  readonly key?: string | undefined;
  /** And what is graver. */
  readonly level?: LogLevel | undefined;
  /** A part of the text, whatever its case. */
  readonly text?: string | undefined;
  readonly limit: number;
}

/** The last lines that the cluster's processes and tasks wrote. */
export interface LogBook {
  /** The latest of those that pass, oldest first. */
  recent(filter: LogFilter): LogLine[];
}

const gravity: { readonly [Level in LogLevel]: number } = { debug: 0, info: 1, warn: 2, error: 3 };

/** Finds them among the events that are kept. */
export class EventLogBook implements LogBook {
  readonly #kept: () => Iterable<ClusterEvent>;

  constructor(kept: () => Iterable<ClusterEvent>) {
    this.#kept = kept;
  }

  recent(filter: LogFilter): LogLine[] {
    const lines: LogLine[] = [];
    for (const event of this.#kept()) if (event.kind === "log" && passes(event.line, filter)) lines.push(event.line);
    return lines.slice(-filter.limit);
  }
}

function passes(line: LogLine, { source, worker, run, key, level, text }: LogFilter): boolean {
  return (
    (source === undefined || line.source === source) &&
    (worker === undefined || line.worker === worker) &&
    (run === undefined || line.run === run) &&
    (key === undefined || line.key === key) &&
    (level === undefined || gravity[line.level] >= gravity[level]) &&
    (text === undefined || line.text.toLowerCase().includes(text.toLowerCase()))
  );
}
