import { Worker } from "node:worker_threads";
import { assertNever, ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import { fromWireError } from "../../protocol/wire-error.ts";
import { LogLines } from "../../worker/log-lines.ts";
import type { FromSchedulerThread, SchedulerThreadOptions, ToSchedulerThread } from "./scheduler-messages.ts";

/** How long the thread may take to say goodbye to everybody before it is stopped. */
const closeGraceMs = 5_000;

type Started = Extract<FromSchedulerThread, { op: "started" }>;

/** The scheduler's thread, seen from the thread that started it. */
export class SchedulerHost {
  readonly address: string;
  readonly dashboardUrl: string | undefined;
  /** Resolves when the scheduler has ended by its own will or ours; rejects when it broke. */
  readonly closed: Promise<void>;
  readonly #thread: Worker;
  readonly #lines: LogLines;

  /** @throws ConfigurationError PORT_IN_USE, BAD_ADDRESS */
  static start(options: SchedulerThreadOptions, log: Logger): Promise<SchedulerHost> {
    const entry = import.meta.url.endsWith(".ts") ? "./scheduler-thread.ts" : "./scheduler-thread.js";
    const thread = new Worker(new URL(entry, import.meta.url), { workerData: options, name: "muster scheduler" });
    const lines = new LogLines();
    const exited = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
    return new Promise((resolve, reject) => {
      let broken: Error | undefined;
      thread.on("error", (error) => {
        broken = new ClusterError("INVARIANT_VIOLATION", `the scheduler's thread ended: ${String(error)}`, {
          cause: error,
        });
      });
      // A thread's last messages are delivered before its exit is told.
      const closed = exited.then(() => {
        if (broken !== undefined) throw broken;
      });
      closed.then(() => reject(new ClusterError("CLOSED", "the scheduler's thread ended while it started")), reject);
      thread.on("message", (message: FromSchedulerThread) => {
        switch (message.op) {
          case "started":
            resolve(new SchedulerHost(thread, message, closed, lines));
            break;
          case "failed":
            reject(fromWireError(message.error));
            break;
          case "log":
            log[message.level](message.fields, message.message);
            if (message.level !== "debug") lines.add(lineOf(message));
            break;
          case "closed":
            if (message.error !== undefined) broken = fromWireError(message.error);
            break;
          default:
            assertNever(message);
        }
      });
    });
  }

  private constructor(thread: Worker, { address, dashboardUrl }: Started, closed: Promise<void>, lines: LogLines) {
    this.#thread = thread;
    this.address = address;
    this.dashboardUrl = dashboardUrl;
    this.closed = closed;
    this.#lines = lines;
  }

  logs(): string[] {
    return this.#lines.last();
  }

  /** From now on the scheduler ends, and its workers with it, once it had no client for this long. */
  closeWhenIdle(idleTimeoutMs: number): void {
    this.#tell({ op: "close-when-idle", idleTimeoutMs });
  }

  #tell(message: ToSchedulerThread): void {
    this.#thread.postMessage(message);
  }

  /** Resolves once the thread is gone. */
  async close(reason: string): Promise<void> {
    this.#tell({ op: "close", reason });
    const timer = setTimeout(() => void this.#thread.terminate(), closeGraceMs);
    await this.closed.catch(() => undefined);
    clearTimeout(timer);
  }
}

function lineOf(message: Extract<FromSchedulerThread, { op: "log" }>): string {
  const fields = Object.keys(message.fields).length > 0 ? ` ${JSON.stringify(message.fields)}` : "";
  return `${new Date().toISOString()} ${message.level} ${message.message}${fields}`;
}
