import type { WorkerId } from "../protocol/ids.ts";
import type { WorkerToScheduler } from "../protocol/messages.ts";
import type { SchedulerEffect, SchedulerEvent } from "../scheduler/core/events.ts";

interface Stay {
  readonly fromMs: number;
  toMs: number;
}

/** Which workers the scheduler could count on, and when: by it is judged whether a task had nobody to run it. */
export class Presence {
  readonly #stays: Map<string, Stay[]> = new Map();
  readonly #ids: Map<WorkerId, string> = new Map();
  readonly #current: Map<string, WorkerId> = new Map();

  /** What the scheduler did with an event, as far as it concerns who is there. */
  follow(event: SchedulerEvent, effects: readonly SchedulerEffect[], nowMs: number): void {
    const closed = new Set<WorkerId>();
    for (const effect of effects) if (effect.kind === "close-worker") closed.add(effect.worker);
    if (event.kind === "worker-connected" && !closed.has(event.worker)) {
      const { name } = event.registration;
      const kept = effects.some(
        (effect) => effect.kind === "to-worker" && effect.message.op === "resume" && effect.message.kept,
      );
      this.#ids.set(event.worker, name);
      this.#current.set(name, event.worker);
      // One that is taken back is what it was: there all the time, or about to leave.
      if (!kept) this.#comes(name, nowMs);
    }
    for (const worker of closed) {
      const name = this.#ids.get(worker);
      if (name !== undefined && this.#current.get(name) === worker) this.#leaves(name, nowMs);
      this.#ids.delete(worker);
    }
    if (event.kind === "worker-message" && saysRetiring(event.message)) {
      const name = this.#ids.get(event.worker);
      if (name !== undefined && this.#current.get(name) === event.worker) this.#leaves(name, nowMs);
    }
    if (event.kind !== "client-message" || event.message.op !== "retire-workers") return;
    for (const name of event.message.names) this.#leaves(name, nowMs);
  }

  /** Whether it is there now, and is not to leave. */
  isThere(name: string): boolean {
    return this.#stays.get(name)?.at(-1)?.toMs === Number.POSITIVE_INFINITY;
  }

  /** Whether none of them was there for so long, at some time until now. */
  wasEmpty(workers: Iterable<string>, forMs: number, nowMs: number): boolean {
    const stays = [...workers].flatMap((name) => this.#stays.get(name) ?? []).sort((a, b) => a.fromMs - b.fromMs);
    let emptySinceMs = 0;
    for (const { fromMs, toMs } of stays) {
      if (fromMs - emptySinceMs >= forMs) return true;
      emptySinceMs = Math.max(emptySinceMs, toMs);
    }
    return nowMs - emptySinceMs >= forMs;
  }

  #comes(name: string, nowMs: number): void {
    this.#leaves(name, nowMs);
    const stays = this.#stays.get(name) ?? [];
    stays.push({ fromMs: nowMs, toMs: Number.POSITIVE_INFINITY });
    this.#stays.set(name, stays);
  }

  #leaves(name: string, nowMs: number): void {
    const last = this.#stays.get(name)?.at(-1);
    if (last !== undefined) last.toMs = Math.min(last.toMs, nowMs);
  }
}

const saysRetiring = (message: WorkerToScheduler): boolean =>
  (message.op === "status" || message.op === "inventory") && message.status === "retiring";
