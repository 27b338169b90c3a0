import { access, constants, mkdir, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { ConfigurationError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import { version } from "../../protocol/version.ts";
import type { Recorder } from "../../report/recorder.ts";
import type { RunEnding } from "../executor.ts";

/** The performance report of one run: gathers what happened, and is written however the run ends. */
export class RunReport {
  /** Where the run took place. */
  address: string = "";
  readonly #path: string;
  readonly #title: string;
  readonly #recorder: Recorder;
  readonly #startMs: number = Date.now();

  /**
   * Before any work, so that a path that cannot be written costs none.
   * @throws ConfigurationError BAD_OPTION
   */
  static async begin(path: string, title: string): Promise<RunReport> {
    const directory = dirname(resolve(path));
    try {
      await mkdir(directory, { recursive: true });
      await access(directory, constants.W_OK);
    } catch (error) {
      throw new ConfigurationError(
        "BAD_OPTION",
        `The performance report cannot be written to ${JSON.stringify(path)}: ${(error as Error).message}. Give a file in a directory that can be written.`,
        { cause: error },
      );
    }
    // Loaded only where a report is asked for.
    const { Recorder } = await import("../../report/recorder.ts");
    return new RunReport(path, title, new Recorder());
  }

  private constructor(path: string, title: string, recorder: Recorder) {
    this.#path = path;
    this.#title = title;
    this.#recorder = recorder;
  }

  readonly add = (events: readonly ClusterEvent[]): void => this.#recorder.add(events);

  /** Writes the file and returns what it holds. That the disk is full is no reason for a run to fail: it is logged. */
  async write(ending: RunEnding, log: Logger): Promise<string> {
    const { renderReport } = await import("../../report/html.ts");
    const html = await renderReport(
      this.#recorder.snapshot({
        title: this.#title,
        ...ending,
        startMs: this.#startMs,
        endMs: Date.now(),
        address: this.address,
        host: hostname(),
        version,
        nodeVersion: process.version,
      }),
    );
    try {
      await writeFile(this.#path, html);
    } catch (error) {
      log.error({ err: error, path: this.#path }, "The performance report could not be written.");
    }
    return html;
  }
}
