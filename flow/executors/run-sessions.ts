import { AsyncLocalStorage } from "node:async_hooks";
import { ClusterError } from "../../protocol/errors.ts";
import type { Logger } from "../../protocol/logger.ts";

/** What an executor holds for one run, from `start` until its body has ended. */
export interface RunSession {
  /** Takes everything down; called exactly once. */
  stop(): Promise<void>;
}

/**
 * The runs of one executor object. Each `start` has a session of its own, and `submit` finds the one it belongs to by the
 * asynchronous context it is called from: so two runs at once never see each other's work or share a cluster.
 */
export class RunSessions<S extends RunSession> {
  readonly #storage = new AsyncLocalStorage<S>();
  readonly #open = new Set<S>();

  /** Runs `body` in `session` and stops the session however `body` ends. The first error is the one that is thrown. */
  async run<T>(session: S, log: Logger, body: () => Promise<T>): Promise<T> {
    this.#open.add(session);
    let result: T;
    try {
      // Called inside an async function, so that a body that throws at once is handled like one that rejects.
      result = await this.#storage.run(session, async () => body());
    } catch (error) {
      this.#open.delete(session);
      await session.stop().catch((stopError: unknown) => {
        log.error({ err: stopError }, "The executor could not be stopped cleanly after its run had failed.");
      });
      throw error;
    }
    this.#open.delete(session);
    await session.stop();
    return result;
  }

  /**
   * The session of the calling run. A caller outside every run's context (a signal handler) gets the only open session, if
   * there is just one.
   * @throws ClusterError `NOT_STARTED`
   */
  current(): S {
    const session = this.#storage.getStore();
    if (session !== undefined && this.#open.has(session)) return session;
    const [only] = this.#open;
    if (session === undefined && only !== undefined) {
      if (this.#open.size === 1) return only;
      throw new ClusterError(
        "NOT_STARTED",
        `This executor has ${this.#open.size} runs under way, and the call came from none of them. Call it from inside the body given to start().`,
      );
    }
    throw new ClusterError(
      "NOT_STARTED",
      "This executor has not been started. Call it from inside the body given to start().",
    );
  }
}
