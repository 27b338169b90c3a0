import { access, constants, mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { ConfigurationError } from "../protocol/errors.ts";
import type { Logger } from "../protocol/logger.ts";
import type { ClusterEvent } from "../protocol/record.ts";
import { version } from "../protocol/version.ts";
import { toWireError } from "../protocol/wire-error.ts";
import type { Recorder } from "../report/recorder.ts";
import type { ReportMeta } from "../report/report-data.ts";

/** How what a report is about ended. */
export type ReportEnding = Pick<ReportMeta, "outcome" | "state" | "message">;

/** Of a body that returned, and that says no more of its end. */
export const succeeded: ReportEnding = { outcome: "succeeded", state: "Succeeded", message: "" };

/** Of a body that threw. */
export function endingOf(error: unknown): ReportEnding {
  const { code, message } = toWireError(error);
  return code === "CANCELLED"
    ? { outcome: "cancelled", state: "Cancelled", message }
    : { outcome: "failed", state: "Failed", message };
}

export interface PerformanceReportOptions {
  readonly title: string;
  /** Undefined: it is written nowhere. */
  readonly path: string | undefined;
  /** Of the scheduler; empty without one. */
  readonly address: string;
  /** Begins with the first thing that it is told of, which was before. Default: now. */
  readonly looksBack?: boolean | undefined;
}

/** Gathers what happens, makes one HTML file of it, and writes that file. */
export class PerformanceReport {
  readonly #options: PerformanceReportOptions;
  readonly #recorder: Recorder;
  #startMs: number = Date.now();

  /**
   * Before any work, so that a path that cannot be written costs none.
   * @throws ConfigurationError BAD_OPTION
   */
  static async begin(options: PerformanceReportOptions): Promise<PerformanceReport> {
    if (options.path !== undefined) await checkWritable(options.path);
    // Loaded only where a report is asked for.
    const { Recorder } = await import("../report/recorder.ts");
    return new PerformanceReport(options, new Recorder());
  }

  private constructor(options: PerformanceReportOptions, recorder: Recorder) {
    this.#options = options;
    this.#recorder = recorder;
  }

  readonly add = (events: readonly ClusterEvent[]): void => {
    if (this.#options.looksBack === true)
      for (const event of events) this.#startMs = Math.min(this.#startMs, timeOf(event));
    this.#recorder.add(events);
  };

  /**
   * Returns what the file holds.
   * @throws ConfigurationError BAD_OPTION if it cannot be written; with a log, that is only logged
   */
  async write(ending: ReportEnding, log?: Logger): Promise<string> {
    const { title, path, address } = this.#options;
    const { renderReport } = await import("../report/html.ts");
    const html = await renderReport(
      this.#recorder.snapshot({
        title,
        ...ending,
        startMs: this.#startMs,
        endMs: Date.now(),
        address,
        host: hostname(),
        version,
        nodeVersion: process.version,
      }),
    );
    try {
      if (path !== undefined) await writeFile(path, html);
    } catch (error) {
      if (log === undefined) throw unwritable(path, error);
      log.error({ err: error, path }, "The performance report could not be written.");
    }
    return html;
  }
}

async function checkWritable(path: string): Promise<void> {
  const directory = dirname(resolve(path));
  try {
    await mkdir(directory, { recursive: true });
    await access(directory, constants.W_OK);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string | undefined, cause: unknown): ConfigurationError {
  return new ConfigurationError(
    "BAD_OPTION",
    `The performance report cannot be written to ${JSON.stringify(path)}: ${(cause as Error).message}. Give a file in a directory that can be written.`,
    { cause },
  );
}

/** When it began; what says nothing of the course of the work does not count. */
function timeOf(event: ClusterEvent): number {
  switch (event.kind) {
    case "attempt":
      return event.startMs;
    case "submitted":
      return event.atMs;
    default:
      return Number.POSITIVE_INFINITY;
  }
}
