import { AsyncLocalStorage } from "node:async_hooks";
import { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";

/** What an executor holds for one run. */
export interface RunSession {
  /** Makes ready what the run needs; called once, before the run's body. */
  open(): Promise<void>;
  /** Takes everything down, also what a failed `open` left half made; called exactly once. */
  stop(): Promise<void>;
}

/**
 * The runs of one executor object. Each `start` has a session of its own, and `submit` finds the one it belongs to by the
 * asynchronous context it is called from: so two runs at once never see each other's work or share a cluster.
 */
export class RunSessions<S extends RunSession> {
  readonly #storage = new AsyncLocalStorage<S>();
  readonly #started = new Set<S>();

  /** Runs `body` in `session` and stops the session however that ends. The first error is the one that is thrown. */
  async run<T>(session: S, log: Logger, body: () => Promise<T>): Promise<T> {
    this.#started.add(session);
    let result: T;
    try {
      result = await this.#storage.run(session, async () => {
        await session.open();
        return body();
      });
    } catch (error) {
      this.#started.delete(session);
      await session.stop().catch((stopError: unknown) => {
        log.error({ err: stopError }, "The executor could not be stopped cleanly after its run had failed.");
      });
      throw error;
    }
    this.#started.delete(session);
    await session.stop();
    return result;
  }

  /**
   * The session of the calling run. A caller outside every run's context (a signal handler) gets the only one there is.
   * @throws ClusterError `NOT_STARTED`
   */
  current(): S {
    const session = this.#storage.getStore();
    if (session !== undefined && this.#started.has(session)) return session;
    const [only] = this.#started;
    if (session !== undefined || only === undefined) {
      throw new ClusterError(
        "NOT_STARTED",
        "This executor has not been started. Call it from inside the body given to start().",
      );
    }
    if (this.#started.size === 1) return only;
    throw new ClusterError(
      "NOT_STARTED",
      `This executor has ${this.#started.size} runs under way, and the call came from none of them. Call it from inside the body given to start().`,
    );
  }
}
