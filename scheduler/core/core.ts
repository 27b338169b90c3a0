import { assertNever, InvariantViolation } from "../../protocol/errors.ts";
import { absenceWakeupMs, disconnectWorker, isCutOff, meetWorker, probed, wakeAbsent } from "./absence.ts";
import { loseClient } from "./client-messages.ts";
import { disconnectClient, hearClient, loseAbsentClients, meetClient } from "./client-session.ts";
import type { SchedulerEffect, SchedulerEvent } from "./events.ts";
import { sendFollowers } from "./followers.ts";
import { silenceMsMax } from "./heartbeat.ts";
import { clientsServed } from "./info.ts";
import { checkInvariants } from "./invariants.ts";
import { takeInventory } from "./inventory.ts";
import { leftovers } from "./leftovers.ts";
import { loseWorker } from "./losses.ts";
import { pump } from "./placement.ts";
import { answer } from "./questions.ts";
import { reclaim } from "./reclaim.ts";
import { recordPresent } from "./recording.ts";
import { settleAll } from "./settle.ts";
import { type SchedulerCoreOptions, SchedulerState } from "./state.ts";
import { handleWorkerMessage } from "./worker-messages.ts";

export type { SchedulerCoreOptions } from "./state.ts";

/**
 * The scheduler as a state machine without I/O: events in, effects out, in order. Synchronous and deterministic; time is
 * an argument. A shell decodes frames, calls `handle`, carries the effects out, and decides nothing.
 */
export class SchedulerCore {
  readonly #state: SchedulerState;
  /** No wake is needed before, nor after for what messages changed: nearly all only put off what is waited for. */
  #wakeupMs = Number.POSITIVE_INFINITY;
  /** How many workers there were then: the fewer there are, the sooner a silent one is lost. */
  #wakeupWorkers = 0;

  constructor(options: SchedulerCoreOptions) {
    this.#state = new SchedulerState(options);
  }

  handle(event: SchedulerEvent, nowMs: number): readonly SchedulerEffect[] {
    const state = this.#state;
    state.nowMs = nowMs;
    state.effects = [];
    this.#dispatch(event);
    this.#conclude();
    if (!onlyPutsOff(event) || state.workers.size !== this.#wakeupWorkers) {
      this.#wakeupMs = this.#latestWakeupMs();
      this.#wakeupWorkers = state.workers.size;
    }
    return state.effects;
  }

  /** What follows from all that an event changed, and is done once. */
  #conclude(): void {
    const state = this.#state;
    settleAll(state);
    if (state.retirement.active) state.retirement.advance(state);
    if (state.replication.active) state.replication.advance(state);
    state.copies.send(state);
    pump(state);
    reclaim(state);
    sendFollowers(state);
    state.noWorkerWatch.review(state);
  }

  #dispatch(event: SchedulerEvent): void {
    const state = this.#state;
    switch (event.kind) {
      case "client-connected":
        return meetClient(state, event.client, event.name, event.session, event.observer === true);
      case "client-message": {
        const client = state.clients.get(event.client);
        if (client !== undefined) hearClient(state, client, event.message);
        return;
      }
      case "client-messages": {
        const client = state.clients.get(event.client);
        if (client !== undefined) for (const message of event.messages) hearClient(state, client, message);
        return;
      }
      case "client-disconnected": {
        const client = state.clients.get(event.client);
        if (client !== undefined) disconnectClient(state, client);
        return;
      }
      case "client-lost": {
        const client = state.clients.get(event.client);
        if (client !== undefined) loseClient(state, client);
        return;
      }
      case "worker-connected":
        return meetWorker(state, event.worker, event.registration);
      case "worker-message": {
        const worker = state.workers.get(event.worker);
        if (worker === undefined) return;
        if (event.message.op === "inventory") return takeInventory(state, worker, event.message);
        return handleWorkerMessage(state, worker, event.message);
      }
      case "worker-messages": {
        const worker = state.workers.get(event.worker);
        if (worker !== undefined) for (const message of event.messages) handleWorkerMessage(state, worker, message);
        return;
      }
      case "worker-disconnected": {
        const worker = state.workers.get(event.worker);
        if (worker !== undefined) disconnectWorker(state, worker, event.reason);
        return;
      }
      case "worker-probed": {
        const worker = state.workers.get(event.worker);
        if (worker !== undefined) probed(state, worker, event.found);
        return;
      }
      case "worker-lost": {
        const worker = state.workers.get(event.worker);
        if (worker !== undefined) loseWorker(state, worker, event.reason, true);
        return;
      }
      case "recording":
        if (event.on && !state.recording) recordPresent(state);
        state.recording = event.on;
        return;
      case "ask":
        state.effects.push({ kind: "answer", ask: event.ask, value: answer(state, event.question) });
        return;
      case "wake":
        this.#loseSilent();
        wakeAbsent(state);
        loseAbsentClients(state);
        return state.noWorkerWatch.expire(state);
      default:
        assertNever(event);
    }
  }

  #loseSilent(): void {
    const state = this.#state;
    const silenceMs = silenceMsMax(state.workers.size, state.options.workerTtlMs);
    for (const worker of [...state.workers.values()]) {
      if (isCutOff(worker)) continue;
      const silentMs = state.nowMs - worker.lastHeardMs;
      if (silentMs >= silenceMs) loseWorker(state, worker, `silent for ${Math.round(silentMs)} ms`, true);
    }
  }

  /** When `wake` should come next, or somewhat earlier; undefined while there is nothing to wait for. */
  nextWakeupMs(): number | undefined {
    const nextMs = Math.min(this.#wakeupMs, this.#state.noWorkerWatch.nextCheckMs);
    return Number.isFinite(nextMs) ? nextMs : undefined;
  }

  /** Looks at every worker and client: not after messages, which are all but a few of the events. */
  #latestWakeupMs(): number {
    const state = this.#state;
    const silenceMs = silenceMsMax(state.workers.size, state.options.workerTtlMs);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const worker of state.workers.values()) {
      const silentAtMs = isCutOff(worker) ? Number.POSITIVE_INFINITY : worker.lastHeardMs + silenceMs;
      nextMs = Math.min(nextMs, silentAtMs, absenceWakeupMs(worker));
    }
    for (const { absentUntilMs } of state.clients.values()) nextMs = Math.min(nextMs, absentUntilMs ?? nextMs);
    return nextMs;
  }

  /** Throws an `InvariantViolation` that ends with the last things that happened. For tests: it looks at everything. */
  checkInvariants(): void {
    checkInvariants(this.#state);
    if (this.#wakeupMs > this.#latestWakeupMs()) throw new InvariantViolation("nobody would wake it when it is time");
  }

  /** Whatever is still on the books, in words. For tests: without clients, and with idle workers, there is nothing. */
  leftovers(): string[] {
    return leftovers(this.#state);
  }

  /** True while no client is connected and no task is kept. */
  get idle(): boolean {
    return clientsServed(this.#state) === 0 && this.#state.tasks.size === 0;
  }
}

/** Whether no wake can be needed earlier for it. A client that says goodbye may be waited for from then on. */
const onlyPutsOff = (event: SchedulerEvent): boolean =>
  event.kind === "client-message"
    ? event.message.op !== "goodbye"
    : event.kind.startsWith("worker-message") || event.kind === "client-messages";
