import type { LogLevel } from "../../protocol/logger.ts";
import type { LogLine } from "../../protocol/record.ts";

/** What each further limit leaves of the lines, so that one that comes costs no copying. */
const evictedPart = 1 / 16;

/** What a line takes beside its texts. */
const lineBytes = 200;

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface LogBookOptions {
  /** How many lines are kept, of the scheduler and all workers together. Default 20,000. */
  readonly linesMax?: number | undefined;
  /** How much memory they may take. Default 16 MiB. */
  readonly bytesMax?: number | undefined;
}

export interface LogQuery {
  /** Only what tasks of this run wrote. */
  readonly run?: string | undefined;
  /** Only of this worker and the tasks on it. */
  readonly worker?: string | undefined;
  /** Only what this task wrote. */
  readonly key?: string | undefined;
  /** Only what such a process wrote. */
  readonly source?: LogLine["source"] | undefined;
  /** Only lines with this in their text, whatever its case. */
  readonly text?: string | undefined;
  /** Only of at least this level. Default: of any. */
  readonly level?: LogLevel | undefined;
  /** Not more than so many; the last ones. */
  readonly limit: number;
}

interface Entry {
  /** Numbers lines in the order in which they came. */
  readonly order: number;
  readonly line: LogLine;
  readonly bytes: number;
}

/** The lines of one process, oldest first. */
interface Page {
  readonly entries: Entry[];
  bytes: number;
}

/**
 * The last lines of the scheduler, the workers and their tasks. When they are too many, those go first that have most, so
 * that a worker that prints without end does not cost what a quiet one had to say.
 */
export class LogBook {
  readonly #linesMax: number;
  readonly #bytesMax: number;
  /** By worker; the scheduler's own under "". */
  readonly #pages: Map<string, Page> = new Map();
  #lastOrder = 0;
  #lines = 0;
  #bytes = 0;

  constructor({ linesMax = 20_000, bytesMax = 16 * 2 ** 20 }: LogBookOptions = {}) {
    this.#linesMax = linesMax;
    this.#bytesMax = bytesMax;
  }

  add(line: LogLine): void {
    const page = this.#pageOf(line.worker ?? "");
    const bytes = lineBytes + 2 * (line.text.length + (line.key?.length ?? 0) + (line.run?.length ?? 0));
    this.#lastOrder += 1;
    page.entries.push({ order: this.#lastOrder, line, bytes });
    page.bytes += bytes;
    this.#lines += 1;
    this.#bytes += bytes;
    while (this.#lines > this.#linesMax || this.#bytes > this.#bytesMax) this.#evict();
  }

  /** The last lines that fit, oldest first, in the order in which the scheduler had them. */
  recent(query: LogQuery): LogLine[] {
    const { worker, limit } = query;
    const fits = filterOf(query);
    const pages = worker === undefined ? [...this.#pages.values()] : [this.#pages.get(worker)];
    const found = pages.flatMap((page) => (page === undefined ? [] : lastOf(page.entries, fits, limit)));
    found.sort((a, b) => a.order - b.order);
    return found.slice(Math.max(0, found.length - limit)).map(({ line }) => line);
  }

  #pageOf(process: string): Page {
    const known = this.#pages.get(process);
    if (known !== undefined) return known;
    const page: Page = { entries: [], bytes: 0 };
    this.#pages.set(process, page);
    return page;
  }

  #evict(): void {
    const [process, page] = [...this.#pages].reduce((most, each) => (each[1].bytes > most[1].bytes ? each : most));
    const count = Math.ceil(page.entries.length * evictedPart);
    for (const { bytes } of page.entries.splice(0, count)) {
      page.bytes -= bytes;
      this.#bytes -= bytes;
      this.#lines -= 1;
    }
    if (page.entries.length === 0) this.#pages.delete(process);
  }
}

function filterOf({ run, key, source, text, level }: LogQuery): (line: LogLine) => boolean {
  const least = level === undefined ? 0 : ranks[level];
  const sought = text?.toLowerCase();
  return (line) =>
    (run === undefined || line.run === run) &&
    (key === undefined || line.key === key) &&
    (source === undefined || line.source === source) &&
    (sought === undefined || line.text.toLowerCase().includes(sought)) &&
    ranks[line.level] >= least;
}

/** The last `limit` entries whose lines fit, latest first. */
function lastOf(entries: readonly Entry[], fits: (line: LogLine) => boolean, limit: number): Entry[] {
  const found: Entry[] = [];
  for (let index = entries.length - 1; index >= 0 && found.length < limit; index--) {
    const entry = entries[index] as Entry;
    if (fits(entry.line)) found.push(entry);
  }
  return found;
}
