import { setTimeout as delay } from "node:timers/promises";
import type { LoadInfo } from "../../protocol/cluster-info.ts";
import type { Logger } from "../../protocol/logger.ts";
import type { ScalingDecision } from "../../protocol/record.ts";
import { timerMs } from "../../protocol/timer-ms.ts";
import type { Adapting, ResolvedAdaptOptions } from "../adapt-options.ts";
import { AdaptivePolicy, type FleetMember, type ScalingOrder } from "./policy.ts";

const decisionsMax = 1_000;

/** The workers that a loop scales. */
export interface ScalableFleet {
  readonly members: readonly FleetMember[];
  readonly startUpMs: number | undefined;
  /** Why no worker can be started now, if none can. */
  readonly blocked: string | undefined;
  start(count: number): void;
  cancel(name: string): void;
  /** Lets it go if it has nothing to do. */
  retireIdle(name: string): void;
}

export interface LoopParts {
  readonly options: ResolvedAdaptOptions;
  readonly slotsPerWorker: number;
  readonly fleet: ScalableFleet;
  readonly load: () => Promise<LoadInfo>;
  /** Told of every decision that differs from the one before. */
  readonly tell: (decision: ScalingDecision) => void;
  readonly log: Logger;
}

/** Asks the policy once a round, and has its orders carried out. */
export class AdaptiveLoop implements Adapting {
  readonly decisions: ScalingDecision[] = [];
  readonly #parts: LoopParts;
  readonly #policy: AdaptivePolicy;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#policy = new AdaptivePolicy({ ...parts.options, slotsPerWorker: parts.slotsPerWorker });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#round().catch((error: unknown) => {
        if (signal.aborted) return;
        this.#parts.log.warn({ error }, "a round of scaling failed; the next is tried all the same");
      });
      await delay(timerMs(this.#parts.options.intervalMs), undefined, { signal }).catch(() => undefined);
    }
  }

  async #round(): Promise<void> {
    const { fleet } = this.#parts;
    const load = await this.#parts.load();
    if (this.#stopping.signal.aborted) return;
    const { members, startUpMs, blocked } = fleet;
    const order = this.#policy.decide({ load, members, startUpMs, blocked }, performance.now());
    this.#note(order);
    if (order.start > 0) fleet.start(order.start);
    for (const name of order.cancel) fleet.cancel(name);
    for (const name of order.retire) fleet.retireIdle(name);
  }

  /** A round that found everything as it was is no news. */
  #note({ live, requested, target, reason, cancel, retire }: ScalingOrder): void {
    const last = this.decisions.at(-1);
    const same = last?.live === live && last.requested === requested && last.target === target;
    if (same && cancel.length + retire.length === 0) return;
    const decision = { atMs: Date.now(), live, requested, target, reason: reason.slice(0, 1_000) };
    this.decisions.push(decision);
    if (this.decisions.length > decisionsMax) this.decisions.shift();
    this.#parts.log.debug(decision, "scaling");
    this.#parts.tell(decision);
  }
}
