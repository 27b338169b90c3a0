import { logTee } from "../../protocol/log-tee.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { LogLine, WorkerLogLine } from "../../protocol/record.ts";
import { LogBook, type LogQuery } from "./log-book.ts";

/** Every line of the cluster's logs, on its way through the scheduler: kept for a while, and told to those who watch. */
export class Logs {
  /** The scheduler's own logger: what it is told is kept like everybody else's lines. */
  readonly log: Logger;
  readonly #book: LogBook = new LogBook();
  readonly #onLine: (line: LogLine) => void;

  /** @param to gets what the scheduler logs, as its user wants to see it. */
  constructor(to: Logger, onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
    this.log = logTee(to, (level, text) => this.#add({ atMs: Date.now(), level, source: "scheduler", text }));
  }

  fromWorker(worker: string, lines: readonly WorkerLogLine[]): void {
    for (const line of lines) this.#add({ ...line, worker });
  }

  recent(query: LogQuery): LogLine[] {
    return this.#book.recent(query);
  }

  #add(line: LogLine): void {
    this.#book.add(line);
    this.#onLine(line);
  }
}
