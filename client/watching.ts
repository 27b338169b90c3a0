import type { SchedulerToClient } from "../protocol/messages.ts";
import type { ClusterEvent } from "../protocol/record.ts";
import type { Session } from "./session.ts";

export interface WatchOptions {
  /** Tell only what happens to this run and to the cluster as a whole. Default: everything. */
  readonly run?: string | undefined;
  /** Begin with what the scheduler still remembers. Default false. */
  readonly kept?: boolean | undefined;
  /** Let workers sample where user code spends its time. Default false. */
  readonly profile?: boolean | undefined;
}

/** Called with what happened, in order. It must not throw. */
export type EventListener = (events: readonly ClusterEvent[]) => void;

interface Watch {
  readonly options: WatchOptions;
  readonly listener: EventListener;
  request: number;
}

/** The watches of one client, begun again when its connection was lost and is back. */
export class Watching {
  readonly #session: Session;
  readonly #watches: Set<Watch> = new Set();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Resolves once events come, and those that were kept have come. The function ends it, after its last events. */
  async begin(options: WatchOptions, listener: EventListener): Promise<() => Promise<void>> {
    const watch: Watch = { options, listener, request: 0 };
    this.#watches.add(watch);
    try {
      await this.#ask(watch, options.kept ?? false);
    } catch (error) {
      this.#watches.delete(watch);
      throw error;
    }
    return () => this.#end(watch);
  }

  take({ watch: request, events }: Extract<SchedulerToClient, { op: "events" }>): void {
    for (const watch of this.#watches) if (watch.request === request) watch.listener(events);
  }

  /** The connection was lost and is back. What happened meanwhile is not told, and that is. */
  resumed(): void {
    for (const watch of this.#watches) {
      watch.listener([{ kind: "dropped", atMs: Date.now(), what: "events", count: 1 }]);
      // If that fails, the connection is gone again, and so is the watch.
      this.#ask(watch, false).catch(() => undefined);
    }
  }

  #ask(watch: Watch, kept: boolean): Promise<unknown> {
    const { run, profile = false } = watch.options;
    return this.#session.request((request) => {
      watch.request = request;
      return { op: "watch", request, run, kept, profile };
    });
  }

  async #end(watch: Watch): Promise<void> {
    if (!this.#watches.has(watch)) return;
    try {
      await this.#session.request((request) => ({ op: "unwatch", request, watch: watch.request }));
    } finally {
      this.#watches.delete(watch);
    }
  }
}
