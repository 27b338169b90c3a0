import type { ClientId, TaskId, WorkerId } from "../protocol/ids.ts";
import type { SchedulerEffect, SchedulerEvent } from "../scheduler/core/events.ts";
import type { LinkEnd } from "./link.ts";
import { Presence } from "./presence.ts";
import type { Script } from "./script.ts";

interface Attempt {
  readonly worker: WorkerId;
  readonly task: TaskId;
  readonly attempt: number;
}

export interface Runner {
  runs(task: TaskId, attempt: number): boolean;
}

/** Knows what was asked and done, so that it can be told whether what came of it was allowed. */
export class Watch {
  /** A client had everything forgotten: from then on anything may show as cancelled. */
  restarts: number = 0;
  /** How many bundles did not come. */
  codeFailures: number = 0;
  /** How many processes had to end because something could not be stopped. */
  stuck: number = 0;
  /** How many spilled results could not be read back. */
  unreadable: number = 0;
  readonly presence: Presence = new Presence();
  /** How often each thing of interest happened, so that a test can tell whether it was tried at all. */
  readonly seen: Map<string, number> = new Map();
  readonly #runners: WeakMap<LinkEnd<never, never>, Runner> = new WeakMap();
  /** Attempts that must have ended before a request to cancel is replied to. */
  readonly #stopping: Map<string, readonly Attempt[]> = new Map();
  readonly #cancelled: Map<string, Set<Script>> = new Map();
  /** Where brief ones were taken back that have not begun since. */
  readonly #takenBack: WeakMap<Script, string> = new WeakMap();
  readonly #clients: Map<ClientId, string> = new Map();

  count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  begins(script: Script, worker: string): void {
    if (script.begun > 0) this.count("tasks begun again");
    script.begun++;
    const place = this.#takenBack.get(script);
    if (place === undefined) return;
    this.#takenBack.delete(script);
    this.count(place === worker ? "brief tasks begun later where they were taken back" : "brief tasks begun elsewhere");
  }

  /** It waited in a slot of this worker behind one that took long. */
  takenBack(script: Script, worker: string): void {
    this.count("brief tasks taken back");
    this.#takenBack.set(script, worker);
  }

  /** The number of a client's present connection. */
  names(client: ClientId, name: string): void {
    this.#clients.set(client, name);
  }

  owns(end: object, runner: Runner): void {
    this.#runners.set(end as LinkEnd<never, never>, runner);
  }

  runner(end: object): Runner | undefined {
    return this.#runners.get(end as LinkEnd<never, never>);
  }

  /** This client asked for these to be cancelled. */
  cancels(client: string, scripts: Iterable<Script>): void {
    const known = this.#cancelled.get(client) ?? new Set();
    for (const script of scripts) known.add(script);
    this.#cancelled.set(client, known);
  }

  mayBeCancelled(client: string, ancestry: Iterable<Script>): boolean {
    const known = this.#cancelled.get(client);
    if (this.restarts > 0) return true;
    for (const script of ancestry) if (known?.has(script) === true) return true;
    return false;
  }

  /** Returns what the scheduler must not have done, if it did. `runnerOf` finds the process of a worker that is not lost. */
  scheduled(
    event: SchedulerEvent,
    effects: readonly SchedulerEffect[],
    nowMs: number,
    runnerOf: (worker: WorkerId) => Runner | undefined,
  ): string | undefined {
    this.presence.follow(event, effects, nowMs);
    for (const effect of effects) {
      if (effect.kind === "to-worker" && effect.message.op === "resume")
        this.count(effect.message.kept ? "workers taken back" : "workers that came back too late");
    }
    return this.#tooEarly(event, effects, runnerOf);
  }

  #tooEarly(
    event: SchedulerEvent,
    effects: readonly SchedulerEffect[],
    runnerOf: (worker: WorkerId) => Runner | undefined,
  ): string | undefined {
    if (event.kind === "client-message" && event.message.op === "cancel") {
      const { reason, request } = event.message;
      const stopping: Attempt[] = [];
      for (const effect of effects) {
        if (effect.kind !== "to-worker" || effect.message.op !== "cancel" || effect.message.reason !== reason) continue;
        stopping.push({ worker: effect.worker, task: effect.message.task, attempt: effect.message.attempt });
      }
      // A client that was cut off says it again, and nothing is stopped a second time.
      const name = `${this.#clients.get(event.client)}/${request}`;
      if (!this.#stopping.has(name)) this.#stopping.set(name, stopping);
    }
    if (this.#stopping.size === 0) return undefined;
    const lost = new Set<WorkerId>();
    for (const effect of effects) {
      if (effect.kind === "close-worker") lost.add(effect.worker);
      if (effect.kind !== "to-client" || effect.message.op !== "reply") continue;
      const name = `${this.#clients.get(effect.client)}/${effect.message.request}`;
      const stopping = this.#stopping.get(name) ?? [];
      this.#stopping.delete(name);
      for (const { worker, task, attempt } of stopping) {
        if (!lost.has(worker) && runnerOf(worker)?.runs(task, attempt) === true)
          return `a cancel was replied to while attempt ${attempt} of task ${task} still ran`;
      }
    }
    return undefined;
  }
}
