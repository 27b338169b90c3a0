import { setTimeout as delay } from "node:timers/promises";
import type { TlsOptions } from "./connection.ts";
import { ClusterError } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import { type Logger, silentLogger } from "./logger.ts";
import type { EncodedValue, PeerAnswer, PeerRequest } from "./messages.ts";
import { PeerLink } from "./peer-link.ts";

const maxRetryMs = 1_000;
/** A machine or container that is gone does not refuse, it is only silent: others may have what it had. */
const dialMsMax = 10_000;

export interface PeerLinksOptions {
  readonly token: string;
  /** Shown in the peers' logs. */
  readonly name: string;
  readonly tls?: TlsOptions | undefined;
  /** For connecting, and for a transfer that makes no progress. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** A connection that nobody used for this long is closed. Default 30,000. */
  readonly idleMs?: number | undefined;
  /** How often a busy peer is asked again, with growing pauses of at most a second, before `get` gives up. Default 30. */
  readonly busyRetries?: number | undefined;
  /** What comes out of shared memory shall lie in shared memory here, too. Default false. */
  readonly sharesMemory?: boolean | undefined;
  readonly log?: Logger | undefined;
}

interface ResolvedOptions {
  readonly token: string;
  readonly name: string;
  readonly tls: TlsOptions | undefined;
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly busyRetries: number;
  readonly sharesMemory: boolean;
  readonly log: Logger;
}

interface Entry {
  readonly opening: Promise<PeerLink>;
  /** Once it is open. */
  link: PeerLink | undefined;
}

/** Outgoing connections to workers, one an address, dialled on demand: moves values from and to their stores. */
export class PeerLinks implements AsyncDisposable {
  readonly #options: ResolvedOptions;
  readonly #links: Map<string, Entry> = new Map();
  readonly #closing: AbortController = new AbortController();
  readonly #watch: NodeJS.Timeout;

  constructor(options: PeerLinksOptions) {
    const { token, name, tls, timeoutMs = 30_000, idleMs = 30_000, busyRetries = 30, log = silentLogger } = options;
    const { sharesMemory = false } = options;
    this.#options = { token, name, tls, timeoutMs, idleMs, busyRetries, sharesMemory, log };
    this.#watch = setInterval(() => this.#tidy(), Math.max(10, Math.min(timeoutMs, idleMs) / 4));
    this.#watch.unref();
  }

  /**
   * Per task its value, or "absent".
   * @throws {ClusterError} CONNECTION_LOST if the peer cannot be reached or is lost meanwhile; TIMED_OUT (retryable,
   * `details.retryMs`) if it stays busy; CLOSED.
   */
  async get(address: string, tasks: readonly TaskId[]): Promise<Map<TaskId, EncodedValue | "absent">> {
    for (let tries = 0; ; tries++) {
      const link = await this.#link(address);
      const answer = await link.get(tasks);
      if (answer.kind === "values") return answer.values;
      const retryMs = Math.min(maxRetryMs, answer.retryMs * 2 ** tries);
      if (tries >= this.#options.busyRetries) {
        const message = `Worker ${address} has been too busy with other transfers; ask again later.`;
        throw new ClusterError("TIMED_OUT", message, { retryable: true, details: { address, retryMs } });
      }
      await delay(retryMs, undefined, { signal: this.#closing.signal }).catch(() => {});
    }
  }

  /**
   * Resolves once the worker holds the value.
   * @throws {ClusterError} CONNECTION_LOST, CLOSED.
   */
  async put(address: string, task: TaskId, value: EncodedValue): Promise<void> {
    const link = await this.#link(address);
    await link.put(task, value);
  }

  /** Ends what is under way with CONNECTION_LOST. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#watch);
    const links = [...this.#links.values()];
    this.#links.clear();
    await Promise.all(
      links.map(({ opening }) =>
        opening.then(
          (link) => link.close(),
          () => {},
        ),
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The connection to an address, or the one that is being opened. */
  #link(address: string): Promise<PeerLink> {
    if (this.#closing.signal.aborted) return Promise.reject(closed());
    let entry = this.#links.get(address);
    if (entry === undefined) {
      entry = { opening: this.#dial(address), link: undefined };
      this.#links.set(address, entry);
      this.#settle(address, entry);
    }
    return entry.opening;
  }

  /** Remembers what came of dialling, so that the next request dials again after a failure or a loss. */
  #settle(address: string, entry: Entry): void {
    const forget = (): void => {
      if (this.#links.get(address) === entry) this.#links.delete(address);
    };
    entry.opening.then((link) => {
      entry.link = link;
      link.onClose(forget);
    }, forget);
  }

  async #dial(address: string): Promise<PeerLink> {
    const { token, name, tls, timeoutMs, log } = this.#options;
    const hello = { role: "peer", token, name } as const;
    try {
      // Loaded when somebody connects: the slots of workers import this, too, and few of their tasks do.
      const [{ dial }, { parsePeerAnswer }] = await Promise.all([import("./dial.ts"), import("./parse-peer.ts")]);
      const { connection } = await dial<PeerAnswer, PeerRequest>({
        address,
        hello,
        parse: parsePeerAnswer,
        timeoutMs: Math.min(timeoutMs, dialMsMax),
        retry: false,
        signal: this.#closing.signal,
        tls,
      });
      const link = new PeerLink(connection, this.#options.sharesMemory);
      if (this.#closing.signal.aborted) {
        await link.close();
        throw closed();
      }
      return link;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.debug({ address, reason }, "a worker cannot be reached");
      const message = `Worker ${address} cannot be reached: ${reason}`;
      throw new ClusterError("CONNECTION_LOST", message, { cause, retryable: true, details: { address } });
    }
  }

  /** Closes what nobody uses and what hangs; a peer that was frozen must not hold up those who could ask another. */
  #tidy(): void {
    const now = performance.now();
    const { idleMs, timeoutMs } = this.#options;
    for (const { link } of this.#links.values()) {
      if (link === undefined) continue;
      if (link.idle ? link.idleSinceMs < now - idleMs : link.stalledSince(now - timeoutMs)) {
        void link.close(link.idle ? "idle" : `no progress within ${timeoutMs} ms`);
      }
    }
  }
}

function closed(): ClusterError {
  return new ClusterError("CLOSED", "These connections to workers were closed.");
}
