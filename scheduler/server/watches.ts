import type { SchedulerToClient } from "../../protocol/messages.ts";
import type { ClusterEvent, LogLine } from "../../protocol/record.ts";
import { KeptEvents } from "./kept-events.ts";
import { Presence } from "./presence.ts";

/** What happens is told at least this often, in frames of at most so many events. */
const flushMs = 100;
const frameEventsMax = 5_000;

/** Who can be told of events. */
export interface Watcher {
  send(message: SchedulerToClient): void;
}

interface Watch {
  readonly watcher: Watcher;
  readonly request: number;
  /** Only what happens to this run and to the cluster; undefined: everything. */
  readonly run: string | undefined;
  /** It wants profiles, too. */
  profile: boolean;
  pending: ClusterEvent[];
}

export interface WatchesOptions {
  /** How many of the last events are kept for those who begin to watch later. 0: none. */
  readonly keptMax: number;
  /** The lines of logs that are kept, oldest first: they are many, and must not push other events out. */
  readonly keptLines: () => readonly LogLine[];
  /** Told whether anybody wants events at all. */
  readonly onWanted: (wanted: boolean) => void;
}

/** Hands what happens to those who watch, in batches, and keeps the last of it for those who come later. */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #kept: KeptEvents;
  readonly #present: Presence = new Presence();
  readonly #watches: Set<Watch> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#kept = new KeptEvents(options.keptMax);
  }

  /** Whether anybody wants to hear of what happens. */
  get wanted(): boolean {
    return this.#options.keptMax > 0 || this.#watches.size > 0;
  }

  /** The last events, oldest first. */
  get kept(): KeptEvents {
    return this.#kept;
  }

  add(event: ClusterEvent): void {
    if (event.kind !== "log") this.#kept.add(event);
    this.#present.note(event);
    for (const watch of this.#watches) offer(watch, event);
    if (this.#watches.size > 0) this.#timer ??= setTimeout(() => this.#flushAll(), flushMs).unref();
  }

  /** Tells first what was kept, or which workers there are. The caller replies to the request afterwards. */
  begin(
    watcher: Watcher,
    request: number,
    options: {
      readonly run?: string | undefined;
      readonly kept: boolean;
      readonly profile: boolean;
      /** It knows what was before. Default false. */
      readonly informed?: boolean | undefined;
    },
  ): void {
    const watch: Watch = { watcher, request, run: options.run, profile: options.profile, pending: [] };
    if (options.informed !== true) {
      for (const event of options.kept ? this.#remembered() : this.#present.events()) offer(watch, event);
      flush(watch);
    }
    const wasWanted = this.wanted;
    this.#watches.add(watch);
    if (!wasWanted) this.#options.onWanted(true);
  }

  /** Tells what is still to be told; the caller replies to the request afterwards. */
  end(watcher: Watcher, request: number): void {
    for (const watch of this.#watches) if (watch.watcher === watcher && watch.request === request) this.#drop(watch);
  }

  /** Its connection is gone. Answers how many of its watches wanted profiles. */
  forget(watcher: Watcher): number {
    let profiles = 0;
    for (const watch of this.#watches) {
      if (watch.watcher !== watcher) continue;
      if (watch.profile) profiles++;
      watch.pending = [];
      this.#drop(watch);
    }
    return profiles;
  }

  /** Whether this watch wanted profiles; from now on it does not. */
  forgoProfile(watcher: Watcher, request: number): boolean {
    for (const watch of this.#watches) {
      if (watch.watcher !== watcher || watch.request !== request || !watch.profile) continue;
      watch.profile = false;
      return true;
    }
    return false;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watches.clear();
  }

  *#remembered(): Iterable<ClusterEvent> {
    yield* this.#kept.all();
    for (const line of this.#options.keptLines()) yield { kind: "log", line };
  }

  #drop(watch: Watch): void {
    flush(watch);
    this.#watches.delete(watch);
    if (this.wanted) return;
    // Who begins the next time is told anew.
    this.#present.forget();
    this.#options.onWanted(false);
  }

  #flushAll(): void {
    this.#timer = undefined;
    for (const watch of this.#watches) flush(watch);
  }
}

function offer(watch: Watch, event: ClusterEvent): void {
  const run = runOf(event);
  if (run !== undefined && watch.run !== undefined && run !== watch.run) return;
  watch.pending.push(event);
  if (watch.pending.length >= frameEventsMax) flush(watch);
}

function flush(watch: Watch): void {
  const { watcher, request, pending } = watch;
  if (pending.length === 0) return;
  watch.pending = [];
  watcher.send({ op: "events", watch: request, events: pending });
}

/** The run that an event is about; undefined for what concerns the whole cluster. */
export function runOf(event: ClusterEvent): string | undefined {
  switch (event.kind) {
    case "submitted":
    case "attempt":
    case "task-end":
      return event.run;
    case "log":
      return event.line.run;
    default:
      return undefined;
  }
}
