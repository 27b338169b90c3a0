import { assertNever, ClusterError } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { EncodedValue, WorkerToScheduler } from "../../protocol/messages.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import type { PeerLinks } from "../../protocol/transfer.ts";
import { encodedBytes } from "../../protocol/value.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { WorkerCore } from "../core/core.ts";
import type { Execution, WorkerEffect, WorkerEnd } from "../core/effects.ts";
import type { ArrivedValue, WorkerEvent } from "../core/events.ts";
import type { Loan, ResultStore } from "../store/result-store.ts";
import type { SlotRunner } from "./slot-runner.ts";

export interface ShellParts {
  readonly core: WorkerCore;
  readonly store: ResultStore;
  readonly links: PeerLinks;
  /** The file of a bundle, fetched if need be. */
  readonly code: (bundle: string) => Promise<string>;
  readonly slots: SlotRunner;
  readonly send: (message: WorkerToScheduler, mayWait?: boolean) => void;
  readonly end: (end: WorkerEnd, reason: string) => void;
  readonly log: Logger;
}

/** Unix epoch time that never goes backwards. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** Carries out what the core decides, and feeds the answers back to it. */
export class Shell {
  readonly #parts: ShellParts;
  readonly #events: WorkerEvent[] = [];
  /** By job: its inputs, which stay in memory until it has ended. */
  readonly #loans: Map<number, Loan> = new Map();
  /** Jobs whose inputs are being read from disk: no slot knows of them yet. */
  readonly #unstarted: Map<number, Execution> = new Map();
  #handling = false;
  #wake: NodeJS.Timeout | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(parts: ShellParts) {
    this.#parts = parts;
  }

  /** Events that an effect causes at once wait until the effects before them are carried out. */
  handle(event: WorkerEvent): void {
    if (this.#closed) return;
    this.#events.push(event);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift()) {
        if ("job" in next && isEnd(next)) this.#release(next.job);
        const event = next.kind === "slot-stalled" ? { ...next, behind: this.#takeBack(next.behind) } : next;
        for (const effect of this.#parts.core.handle(event, nowMs())) this.#perform(effect);
      }
    } finally {
      this.#handling = false;
    }
    this.#setTimer();
  }

  /** How many of those whose inputs are being read are to have a slot of their own. */
  get slotsKept(): number {
    let kept = 0;
    for (const { brief, extra } of this.#unstarted.values()) if (brief !== true && !extra) kept++;
    return kept;
  }

  /** Nothing is carried out any more. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#wake);
  }

  #perform(effect: WorkerEffect): void {
    const { store, slots, send, end, log } = this.#parts;
    switch (effect.kind) {
      case "execute":
        return this.#execute(effect);
      case "cancel-execution":
        if (this.#unstarted.delete(effect.job)) return this.handle({ kind: "slot-cancelled", job: effect.job });
        return slots.cancel(effect.job, effect.force);
      case "send":
        return send(effect.message, effect.mayWait);
      case "fetch":
        return this.#answer(this.#fetch(effect.fetch, effect.address, effect.tasks));
      case "load-code":
        return this.#answer(this.#loadCode(effect.load, effect.bundle));
      case "store":
        return store.put(effect.task, effect.value);
      case "drop":
        return store.drop(effect.tasks);
      case "end-process":
        return end(effect.end, effect.reason);
      case "log":
        return log[effect.level](effect.fields, effect.message);
      default:
        assertNever(effect);
    }
  }

  async #fetch(fetch: number, address: string, tasks: readonly TaskId[]): Promise<WorkerEvent> {
    try {
      const answer = await this.#parts.links.get(address, tasks);
      const values = new Map<TaskId, ArrivedValue>();
      for (const [task, value] of answer) {
        if (value !== "absent") values.set(task, { value, bytes: encodedBytes(value) });
      }
      return { kind: "fetched", fetch, values };
    } catch (error) {
      const busy = error instanceof ClusterError && error.code === "TIMED_OUT";
      return busy
        ? { kind: "fetch-busy", fetch, retryMs: Number(error.details["retryMs"]) }
        : { kind: "fetch-unreachable", fetch };
    }
  }

  async #loadCode(load: number, bundle: string): Promise<WorkerEvent> {
    try {
      return { kind: "code-ready", load, path: await this.#parts.code(bundle) };
    } catch (error) {
      return { kind: "code-failed", load, error: toWireError(error, "CODE_FAILED") };
    }
  }

  #answer(event: Promise<WorkerEvent>): void {
    void event.then((answer) => this.handle(answer));
  }

  #execute(execution: Execution): void {
    const { store, slots } = this.#parts;
    const { job, inputs } = execution;
    if (inputs.length === 0) return slots.execute(execution, []);
    const loan = store.lend(inputs);
    this.#loans.set(job, loan);
    if (!(loan.values instanceof Promise)) return this.#start(execution, loan.values);
    this.#unstarted.set(job, execution);
    void loan.values.then((values) => {
      // Unless it was cancelled meanwhile.
      if (this.#unstarted.delete(job) && !this.#closed) this.#start(execution, values);
    });
  }

  #start(execution: Execution, values: readonly (EncodedValue | undefined)[]): void {
    const present = values.filter((value) => value !== undefined);
    if (present.length === values.length) this.#parts.slots.execute(execution, present);
    else this.handle({ kind: "slot-unready", job: execution.job });
  }

  /** Those that waited in a slot, and those that would have come there, may have to wait for another. */
  #takeBack(behind: readonly number[]): number[] {
    const reading = [...this.#unstarted.values()].filter(({ brief }) => brief === true).map(({ job }) => job);
    for (const job of reading) this.#unstarted.delete(job);
    const taken = [...behind, ...reading];
    for (const job of taken) this.#release(job);
    return taken;
  }

  #release(job: number): void {
    this.#loans.get(job)?.release();
    this.#loans.delete(job);
  }

  /** A wake that comes too early does nothing, so the timer is only ever moved forward: most events leave it alone. */
  #setTimer(): void {
    const wakeMs = this.#closed ? undefined : this.#parts.core.nextWakeupMs();
    if (wakeMs === undefined || wakeMs >= this.#wakeAtMs) return;
    clearTimeout(this.#wake);
    this.#wakeAtMs = wakeMs;
    this.#wake = setTimeout(
      () => {
        this.#wakeAtMs = Number.POSITIVE_INFINITY;
        this.handle({ kind: "wake" });
      },
      timerMs(Math.max(1, Math.ceil(wakeMs - nowMs()))),
    );
  }
}

/** Nothing of the job runs any more. */
function isEnd({ kind }: WorkerEvent): boolean {
  return kind === "slot-done" || kind === "slot-failed" || kind === "slot-cancelled" || kind === "slot-unready";
}
