import { rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "../protocol/errors.ts";
import type { Logger } from "../protocol/logger.ts";
import type { ProcessEnd } from "../protocol/messages.ts";
import { fromWireError } from "../protocol/wire-error.ts";
import { exitCodes } from "./exit-codes.ts";
import { LogLines } from "./log-lines.ts";
import { WorkerProcess } from "./nanny/worker-process.ts";
import { makeTemporaryDirectory, removeOrphanedDirectories } from "./owned-directory.ts";
import { spillPrefix } from "./store/spill-files.ts";
import { type ResolvedWorkerOptions, resolveWorkerOptions, type WorkerOptions } from "./worker-options.ts";

const maxStartFailures = 3;
const firstPauseMs = 100;
const maxPauseMs = 10_000;
/** A process that lived this long does not count as one of a row that died at once. */
const goodLifeMs = 60_000;

export interface NannyOptions extends Omit<WorkerOptions, "predecessor"> {
  /** How long the worker process may take to obey before SIGTERM, and again before SIGKILL. Default 2,000. */
  readonly graceMs?: number | undefined;
  /** Closes the nanny when it is aborted, also while it starts: `start` then rejects with CLOSED. */
  readonly signal?: AbortSignal | undefined;
}

/** Where to look, so that a test can make a process seem as large as it likes. */
export interface NannySources {
  /** What a process and those that it started use; undefined if that is not known. Default: asks the system. */
  readonly memoryBytes?: ((pid: number) => number | undefined) | undefined;
}

/**
 * Starts a worker as a process of its own, watches it, and starts it again when it dies. If the process that the nanny lives
 * in vanishes, the worker ends itself. An open nanny keeps its process alive.
 */
export class Nanny implements AsyncDisposable {
  /** Of the worker, however often its process is replaced. */
  readonly name: string;
  readonly slots: number;
  /**
   * Resolves when it was closed, or its worker ended as it was told to; rejects with the reason when it gave up: the
   * scheduler was lost or refused the worker, or the process died at every start.
   */
  readonly closed: Promise<void>;
  readonly #options: ResolvedWorkerOptions;
  readonly #graceMs: number;
  readonly #sources: NannySources;
  readonly #log: Logger;
  readonly #lines: LogLines = new LogLines();
  readonly #closing: AbortController = new AbortController();
  /** Made for this worker, and removed in the end. */
  readonly #temporary: string | undefined;
  #process: WorkerProcess | undefined;
  #address: string | undefined;
  #status: "starting" | "running" | "retiring" | "ended" = "starting";
  #predecessor: ProcessEnd | undefined;
  /** Processes in a row that died young, or before they were registered. */
  #failures = 0;
  #settleClosed!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  /**
   * Resolves once the worker is registered.
   * @throws {ClusterError} the worker's own error (SCHEDULER_UNREACHABLE after `deathTimeoutMs`, BAD_TOKEN,
   * VERSION_MISMATCH, BAD_OPTION, BAD_ADDRESS, NOT_STARTED); WORKER_LOST if its process dies three times before that.
   */
  static async start(options: NannyOptions, sources: NannySources = {}): Promise<Nanny> {
    const { graceMs = 2_000, signal, ...rest } = options;
    const resolved = resolveWorkerOptions(rest);
    const temporary = resolved.localDirectory === undefined ? await makeTemporaryDirectory() : undefined;
    const nanny = new Nanny(resolved, temporary, graceMs, sources);
    const close = (): void => void nanny.close();
    if (signal?.aborted) close();
    signal?.addEventListener("abort", close, { once: true });
    void nanny.closed.finally(() => signal?.removeEventListener("abort", close)).catch(() => undefined);
    try {
      await nanny.#launch(true);
    } catch (error) {
      await nanny.#finish();
      throw error;
    }
    void nanny.#watch();
    return nanny;
  }

  private constructor(
    options: ResolvedWorkerOptions,
    temporary: string | undefined,
    graceMs: number,
    sources: NannySources,
  ) {
    this.#sources = sources;
    this.#options = options;
    this.#temporary = temporary;
    this.#graceMs = graceMs;
    this.#log = options.log.child({ worker: options.name });
    this.name = options.name;
    this.slots = options.slots;
    this.closed = new Promise((resolve, reject) => {
      this.#settleClosed = { resolve, reject };
    });
    // Nobody need listen; the log tells it, too.
    this.closed.catch(() => {});
  }

  /** Of the worker process; undefined while there is none. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Where its results are reached; undefined until it is registered. */
  get address(): string | undefined {
    return this.#address;
  }

  /** "starting" also while the process is being replaced. */
  get status(): "starting" | "running" | "retiring" | "ended" {
    return this.#status;
  }

  /** The last lines that the worker and its tasks wrote, of all its processes, oldest first. */
  logs(): readonly string[] {
    return this.#lines.last();
  }

  /**
   * Ends the worker: at once, or (drain) after what runs, however long that takes. May be called at any time and again; a
   * call without drain cuts short one with it. Never rejects.
   */
  async close(options: { readonly drain?: boolean | undefined } = {}): Promise<void> {
    if (this.#status !== "ended") this.#status = "retiring";
    this.#closing.abort();
    this.#process?.stop(options.drain === true ? "drain" : "now");
    await this.closed.catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Starts a process and waits until it is registered; tries again when it dies without a word. */
  async #launch(first: boolean): Promise<void> {
    for (let failures = 1; ; failures++) {
      if (this.#closing.signal.aborted)
        throw new ClusterError("CLOSED", "The worker was closed before it was started.");
      const { log: _, ...options } = this.#options;
      const launched = new WorkerProcess({
        start: {
          kind: "start",
          options: {
            ...options,
            localDirectory: options.localDirectory ?? this.#temporary,
            predecessor: this.#predecessor,
          },
          temporaryDirectory: this.#temporary,
        },
        graceMs: this.#graceMs,
        memoryLimitBytes: this.#options.memoryLimitBytes,
        memoryBytes: this.#sources.memoryBytes,
        lines: this.#lines,
        log: this.#log,
      });
      this.#process = launched;
      try {
        this.#address = await launched.registered;
        if (!this.#closing.signal.aborted) this.#status = "running";
        return;
      } catch (error) {
        await this.#ended(launched);
        this.#failures++;
        // A worker that says what is wrong would say it again; only that a slot could not be started may pass.
        const spoke = launched.failure !== undefined && (first || launched.failure.code !== "NOT_STARTED");
        if (spoke || failures >= maxStartFailures || this.#closing.signal.aborted) throw error;
        await this.#pause();
        if (this.#closing.signal.aborted) throw error;
      }
    }
  }

  /** Replaces the process as often as it dies unasked. */
  async #watch(): Promise<void> {
    try {
      for (let current = this.#process; current !== undefined; current = this.#process) {
        const end = await this.#ended(current);
        if (this.#closing.signal.aborted || end.exitCode === exitCodes.stopped) return await this.#finish();
        if (end.exitCode === exitCodes.schedulerLost) throw lostScheduler(this.name, current);
        this.#status = "starting";
        this.#log.warn(
          { exitCode: end.exitCode, signal: end.signal, pid: end.pid },
          "a worker process ended and is replaced",
        );
        this.#failures = performance.now() - current.startedMs < goodLifeMs ? this.#failures + 1 : 0;
        if (end.exitCode !== exitCodes.restart) await this.#pause();
        if (this.#closing.signal.aborted) return await this.#finish();
        await this.#launch(false);
      }
    } catch (error) {
      await this.#finish(error);
    }
  }

  async #ended(ended: WorkerProcess): Promise<ProcessEnd> {
    this.#predecessor = await ended.exited;
    this.#process = undefined;
    this.#address = undefined;
    // What a process that was killed had spilled.
    const directory = this.#options.localDirectory ?? this.#temporary;
    if (directory !== undefined) await removeOrphanedDirectories(directory, spillPrefix);
    return this.#predecessor;
  }

  async #pause(): Promise<void> {
    const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** Math.max(0, this.#failures - 1));
    await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => {});
  }

  async #finish(error?: unknown): Promise<void> {
    this.#status = "ended";
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
    if (error === undefined || this.#closing.signal.aborted) return this.#settleClosed.resolve();
    this.#log.error({ error }, "a worker is given up");
    this.#settleClosed.reject(error);
  }
}

function lostScheduler(name: string, lost: WorkerProcess): unknown {
  if (lost.failure !== undefined) return fromWireError(lost.failure);
  return new ClusterError("SCHEDULER_UNREACHABLE", `Worker ${name} lost its scheduler.`);
}
