import { setTimeout as delay } from "node:timers/promises";
import { type Connection, dial } from "../../protocol/connection.ts";
import type { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { SchedulerToWorker, WorkerRegistration, WorkerToScheduler } from "../../protocol/messages.ts";
import { parseSchedulerToWorker } from "../../protocol/parse.ts";
import type { TlsTexts } from "../../protocol/tls.ts";
import { toWireError } from "../../protocol/wire-error.ts";

/** A connection that lasted less long than this was of no use, and the next one waits. */
const uselessMs = 5_000;
const firstPauseMs = 250;
const maxPauseMs = 10_000;

export interface SchedulerLinkOptions {
  readonly address: string;
  readonly token: string;
  readonly tls: TlsTexts | undefined;
  readonly registration: WorkerRegistration;
  /** How long to look for a scheduler that does not answer. */
  readonly deathTimeoutMs: number;
  readonly log: Logger;
  /** Registered: as a fresh worker, or (`resuming`) again, which the scheduler's first message decides on. */
  readonly onConnected: (heartbeatMs: number, resuming: boolean) => void;
  readonly onMessages: (messages: readonly SchedulerToWorker[]) => void;
  readonly onDisconnected: () => void;
  /** No scheduler was found again in time, or it refused this worker. */
  readonly onGivenUp: (error: unknown) => void;
}

/** The connection to the scheduler, made again whenever it is lost. */
export class SchedulerLink {
  readonly #options: SchedulerLinkOptions;
  readonly #closing: AbortController = new AbortController();
  #connection: Connection<SchedulerToWorker, WorkerToScheduler> | undefined;
  #pauseMs = 0;
  #wasConnected = false;

  constructor(options: SchedulerLinkOptions) {
    this.#options = options;
  }

  /** @throws {ClusterError} SCHEDULER_UNREACHABLE, BAD_TOKEN, VERSION_MISMATCH, BAD_ADDRESS. */
  async connect(): Promise<void> {
    const { address, token, tls, deathTimeoutMs, log, onConnected, onMessages } = this.#options;
    const resuming = this.#wasConnected;
    const registration = { ...this.#options.registration, resuming };
    const { connection, welcome } = await dial<SchedulerToWorker, WorkerToScheduler>({
      address,
      hello: { role: "worker", token, name: registration.name, registration },
      parse: parseSchedulerToWorker,
      timeoutMs: deathTimeoutMs,
      tls,
      signal: this.#closing.signal,
      log,
    });
    const sinceMs = performance.now();
    this.#connection = connection;
    this.#wasConnected = true;
    connection.onClose((error) => this.#lost(error, performance.now() - sinceMs));
    if (this.#closing.signal.aborted) return connection.close();
    onConnected(welcome.heartbeatMs, resuming);
    connection.onMessages(onMessages);
  }

  send(message: WorkerToScheduler, mayWait?: boolean): void {
    try {
      this.#connection?.send(message, mayWait);
    } catch (error) {
      // Too large for a frame. Only the value of a run-reply can be, and whoever waits for it should hear of it.
      if (message.op !== "run-reply") throw error;
      this.#connection?.send({ op: "run-reply", request: message.request, error: toWireError(error) });
    }
  }

  /** Sends what is queued, then closes for good. */
  async close(reason: string): Promise<void> {
    this.#closing.abort();
    await this.#connection?.close(reason);
  }

  #lost(error: ClusterError, lastedMs: number): void {
    this.#connection = undefined;
    if (this.#closing.signal.aborted) return;
    this.#options.log.warn({ reason: error.message }, "the connection to the scheduler was lost");
    this.#options.onDisconnected();
    void this.#connectAgain(lastedMs);
  }

  async #connectAgain(lastedMs: number): Promise<void> {
    const { signal } = this.#closing;
    // A scheduler that takes a worker and throws it out again must not be asked hundreds of times a second.
    this.#pauseMs = lastedMs >= uselessMs ? 0 : Math.min(maxPauseMs, Math.max(firstPauseMs, 2 * this.#pauseMs));
    await delay(this.#pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      await this.connect();
    } catch (error) {
      if (!signal.aborted) this.#options.onGivenUp(error);
    }
  }
}
