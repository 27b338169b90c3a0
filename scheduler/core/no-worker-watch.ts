import type { PlacementClass } from "./placement-class.ts";
import type { SchedulerState } from "./state.ts";
import { isPlaceable, type Unplaceable, whyUnplaceable } from "./suitability.ts";
import type { Task } from "./task.ts";
import { fail } from "./transitions.ts";
import { wireError } from "./wire-error.ts";

interface Unplaced {
  /** From when on no worker could run them. */
  readonly sinceMs: number;
  /** When the first of its tasks may have waited long enough. */
  checkMs: number;
  code: Unplaceable["code"];
}

/** Tasks whose time is up are looked for at most so many times within the timeout, however many are queued one by one. */
const checksPerTimeout = 20;

/**
 * Watches for queued tasks that no worker could run: says so in the log at once, and fails those that have waited for
 * longer than `noWorkersTimeoutMs`. Looks at classes of equal requests, and only at those for which something changed.
 */
export class NoWorkerWatch {
  readonly #unplaced: Map<PlacementClass, Unplaced> = new Map();
  readonly #queued: Set<PlacementClass> = new Set();
  readonly #changed: Set<PlacementClass> = new Set();

  /** The first task of a class is queued. */
  queued(placement: PlacementClass): void {
    this.#queued.add(placement);
    this.#changed.add(placement);
  }

  /** The last task of a class left the queue: when one comes again, that is news again. */
  emptied(placement: PlacementClass): void {
    this.#queued.delete(placement);
    this.#unplaced.delete(placement);
  }

  /** Workers came or went, or take tasks no longer or again. */
  workersChanged(): void {
    for (const placement of this.#queued) this.#changed.add(placement);
  }

  /** How many queued tasks no worker could run now. */
  unplaceable(state: SchedulerState): number {
    let tasks = 0;
    for (const placement of this.#queued) if (!isPlaceable(state, placement)) tasks += placement.queued;
    return tasks;
  }

  /** Once an event, after placement: what is still queued then is looked at. */
  review(state: SchedulerState): void {
    if (this.#changed.size === 0) return;
    for (const placement of this.#changed) this.#look(state, placement);
    this.#changed.clear();
  }

  #look(state: SchedulerState, placement: PlacementClass): void {
    if (placement.queued === 0 || isPlaceable(state, placement)) {
      this.#unplaced.delete(placement);
      return;
    }
    const { code, message, details } = whyUnplaceable(state, placement);
    const known = this.#unplaced.get(placement);
    if (known?.code === code) return;
    if (known !== undefined) known.code = code;
    else {
      const { nowMs } = state;
      this.#unplaced.set(placement, { sinceMs: nowMs, checkMs: nowMs + state.options.noWorkersTimeoutMs, code });
    }
    const tasks = placement.queued === 1 ? "a task" : `${placement.queued} tasks`;
    // Before the first worker has come, or after the last has gone, nothing is known to be wrong with the request.
    state.log(code === "no-workers" ? "info" : "warn", `${tasks} cannot be placed: ${message}`, details);
  }

  /** Fails every task whose time is up. */
  expire(state: SchedulerState): void {
    for (const [placement, entry] of this.#unplaced) {
      if (entry.checkMs > state.nowMs) continue;
      if (isPlaceable(state, placement)) this.#unplaced.delete(placement);
      else this.#expireClass(state, placement, entry);
    }
  }

  #expireClass(state: SchedulerState, placement: PlacementClass, entry: Unplaced): void {
    const timeoutMs = state.options.noWorkersTimeoutMs;
    const due: Task[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const task of state.tasks.values()) {
      if (task.placement !== placement || task.state.kind !== "queued") continue;
      const dueMs = Math.max(task.sinceMs, entry.sinceMs) + timeoutMs;
      if (dueMs <= state.nowMs) due.push(task);
      else nextMs = Math.min(nextMs, dueMs);
    }
    const { message, details } = whyUnplaceable(state, placement);
    for (const task of due) {
      const text = `The task "${task.key}" is given up: for ${timeoutMs} ms no worker could run it, because ${message}. Start a worker that can, or raise noWorkersTimeoutMs.`;
      fail(state, task, wireError("NO_WORKERS", text, { ...details, key: task.key }), task);
    }
    entry.checkMs = Math.max(nextMs, state.nowMs + timeoutMs / checksPerTimeout);
  }

  /** When `expire` should be called next; infinite while nothing could expire. */
  get nextCheckMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const { checkMs } of this.#unplaced.values()) nextMs = Math.min(nextMs, checkMs);
    return nextMs;
  }
}
