import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { ClusterError, type WireError, WorkerLostError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ProcessEnd } from "../../protocol/messages.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import { fromWireError } from "../../protocol/wire-error.ts";
import { LineSplitter } from "../executor/line-splitter.ts";
import { processFlags } from "../executor/process-host.ts";
import type { LogLines } from "../log-lines.ts";
import { MemoryWatch } from "./memory-watch.ts";
import type { NannyToWorker, WorkerToNanny } from "./messages.ts";

const entry: URL = new URL(
  import.meta.url.endsWith(".ts") ? "../worker-main.ts" : "../worker-main.js",
  import.meta.url,
);

/**
 * How the C library hands out memory, for results of megabytes. New pages cost several times what copying into them does,
 * so that memory up to a size is used again (the second); but by itself the library keeps what is freed, and results that
 * were dropped or spilled would seem to stay for ever (the first). Larger ones go back at once, and come in large pages
 * where the system has them (the third).
 */
const allocation: Readonly<Record<string, string>> = {
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: String(2 * 2 ** 20),
  GLIBC_TUNABLES: "glibc.malloc.hugetlb=1",
};

/** Pipes that outlive the process (something that a task started holds them) are waited for this long. */
const pipeGraceMs = 500;
/** How long a process that is to be killed for its size gets to tell its scheduler. */
const lastWordsMs = 500;
/** What of its output goes along with the end of a process; a registration must stay small. */
const lastLinesMax = 20;
const lastLineCharsMax = 1_000;

export interface WorkerProcessOptions {
  readonly start: Extract<NannyToWorker, { readonly kind: "start" }>;
  /** Between being told to stop and SIGTERM, and again until SIGKILL. */
  readonly graceMs: number;
  /** Above nearly this much it is killed; 0: no limit. */
  readonly memoryLimitBytes: number;
  /** Default: asks the system. */
  readonly memoryBytes?: ((pid: number) => number | undefined) | undefined;
  readonly lines: LogLines;
  readonly log: Logger;
}

/** One worker process, from its start to its end. */
export class WorkerProcess {
  readonly pid: number | undefined;
  /** Resolves with its address once it is registered; rejects with its own error, or one that tells how it ended before. */
  readonly registered: Promise<string>;
  /** Resolves when nothing of it is left. */
  readonly exited: Promise<ProcessEnd>;
  readonly startedMs: number = performance.now();
  /** What it says it failed of. */
  failure: WireError | undefined;
  readonly #child: ChildProcess;
  readonly #options: WorkerProcessOptions;
  #ladder: NodeJS.Timeout | undefined;
  #stopped: "drain" | "now" | undefined;
  #memory: MemoryWatch | undefined;
  /** Why the nanny ended it. */
  #reason: string | undefined;
  #running: readonly string[] = [];

  constructor(options: WorkerProcessOptions) {
    this.#options = options;
    // User code runs there: what opens the whole cluster is not for its eyes.
    const { MUSTER_TOKEN: _, ...env } = process.env;
    const child = fork(fileURLToPath(entry), [], {
      execArgv: processFlags(process.execArgv, 0),
      env: { ...allocation, ...env },
      serialization: "advanced",
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      // A group of its own: Ctrl-C reaches only us, who end it in order, and what its tasks start can be ended with it.
      detached: process.platform !== "win32",
    });
    this.#child = child;
    this.pid = child.pid;
    this.#watchOutput();
    this.exited = this.#watchExit();
    this.registered = this.#watchMessages();
    // Whoever does not wait for the registration hears of the failure by the exit.
    this.registered.catch(() => {});
    this.#send(options.start);
  }

  /** "drain" lets it finish what runs, however long that takes; "now" takes down the ladder to SIGKILL. */
  stop(how: "drain" | "now"): void {
    if (this.#stopped === "now" || this.#stopped === how) return;
    this.#stopped = how;
    this.#send({ kind: "stop", how });
    if (how === "now") this.#ladder = setTimeout(() => this.#terminate(), timerMs(this.#options.graceMs));
  }

  #terminate(): void {
    this.#signal("SIGTERM");
    this.#ladder = setTimeout(() => this.#signal("SIGKILL"), timerMs(this.#options.graceMs));
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) return;
    try {
      if (process.platform === "win32") this.#child.kill(signal);
      else process.kill(-this.pid, signal);
    } catch {
      // Nobody is left in the group.
    }
  }

  #send(message: NannyToWorker): void {
    // To a process that is gone nothing can be said; its exit tells the rest.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  #watchMessages(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#child.on("message", (received) => {
        const message = received as WorkerToNanny;
        switch (message.kind) {
          case "registered":
            this.#watchMemory();
            return resolve(message.address);
          case "running":
            this.#running = message.keys;
            return;
          case "failed":
            this.failure = message.error;
            return reject(fromWireError(message.error));
          case "log":
            this.#options.lines.add(message.message);
            return this.#options.log[message.level](message.fields, message.message);
        }
      });
      void this.exited.then((end) => reject(this.#endedEarly(end)));
    });
  }

  #watchMemory(): void {
    const { memoryLimitBytes: limitBytes, memoryBytes: read, log } = this.#options;
    if (this.pid === undefined) return;
    this.#memory = new MemoryWatch({
      pid: this.pid,
      limitBytes,
      read,
      onExceeded: (reason) => {
        this.#reason = reason;
        log.error({ running: this.#running }, `a worker is ended: ${reason}`);
        this.#send({ kind: "doomed", reason });
        clearTimeout(this.#ladder);
        this.#ladder = setTimeout(() => this.#signal("SIGKILL"), lastWordsMs);
      },
    });
  }

  #watchOutput(): void {
    for (const name of ["stdout", "stderr"] as const) {
      const splitter = new LineSplitter((line) => {
        this.#options.lines.add(line);
        this.#options.log[name === "stderr" ? "warn" : "info"]({}, line);
      });
      this.#child[name]?.on("data", (chunk: Uint8Array) => splitter.write(chunk));
      this.#child[name]?.on("end", () => splitter.flush());
    }
  }

  #watchExit(): Promise<ProcessEnd> {
    const child = this.#child;
    return new Promise((resolve) => {
      const ended = (exitCode: number | null, signal: string | null): void => {
        clearTimeout(this.#ladder);
        this.#memory?.stop();
        // Whatever its tasks started in its group ends with it.
        this.#signal("SIGKILL");
        const lastLogLines = this.#options.lines
          .last()
          .slice(-lastLinesMax)
          .map((line) => line.slice(0, lastLineCharsMax));
        const running = this.#running.slice(0, lastLinesMax);
        resolve({ pid: this.pid ?? 0, exitCode, signal, lastLogLines, reason: this.#reason, running });
      };
      child.on("error", (error) => {
        this.#options.log.error({ error }, "a worker process could not be started or told something");
        if (this.pid === undefined) ended(null, null);
      });
      child.on("exit", (code, signal) => {
        const cut = setTimeout(() => ended(code, signal), pipeGraceMs);
        child.on("close", () => {
          clearTimeout(cut);
          ended(code, signal);
        });
      });
    });
  }

  #endedEarly(end: ProcessEnd): ClusterError {
    if (this.#stopped !== undefined)
      return new ClusterError("CLOSED", "The worker was closed before it was registered.");
    const how = end.signal === null ? `with exit code ${end.exitCode}` : `by ${end.signal}`;
    const lines = end.lastLogLines.join("\n");
    const said = lines === "" ? "It said nothing." : `It said last:\n${lines}`;
    return new WorkerLostError(`A worker process ended ${how} before it was registered. ${said}`, {
      details: { ...end },
    });
  }
}
