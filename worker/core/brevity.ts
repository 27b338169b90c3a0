import type { FnRef } from "../../protocol/code.ts";
import type { Assignment } from "../../protocol/messages.ts";

/** So much work may wait in a slot: about what it takes to bring it more. */
const aheadMs = 2;
const aheadMax = 128;
/** Of tasks that take longer, up to here, one may wait: it begins when the one before has ended, and not a message later. */
const oneAheadMsMax = 12;

/**
 * Knows which tasks take no longer than telling of them. Such are handed to slots in numbers, so that no slot waits between two
 * of them; a slot begins each when the one before has ended, and gives them back when one takes longer than was expected.
 */
export class Brevity {
  /** Average durations, halving the weight of the past with each sample. */
  readonly #averagesMs: WeakMap<FnRef, number> = new WeakMap();
  readonly #enabled: boolean;

  /** False where what was handed to a slot cannot be taken back. */
  constructor(enabled: boolean) {
    this.#enabled = enabled;
  }

  sample(fn: FnRef, durationMs: number): void {
    const averageMs = this.#averagesMs.get(fn);
    this.#averagesMs.set(fn, averageMs === undefined ? durationMs : 0.5 * averageMs + 0.5 * durationMs);
  }

  /**
   * How many attempts like this a slot may have at a time; below 2 it is not brief. Nor is one whose time is limited, which
   * counts from its own beginning; that consumes resources, which it would take before it needs them; or that is to be alone.
   */
  perSlot(fn: FnRef, { timeoutMs, resources, alone }: Assignment): number {
    const averageMs = this.#averagesMs.get(fn);
    if (!this.#enabled || averageMs === undefined || timeoutMs > 0 || alone === true) return 1;
    for (const name in resources) if ((resources[name] ?? 0) > 0) return 1;
    const some = averageMs <= oneAheadMsMax ? 2 : 1;
    return Math.max(some, Math.min(aheadMax, Math.floor(aheadMs / Math.max(averageMs, aheadMs / aheadMax))));
  }
}
