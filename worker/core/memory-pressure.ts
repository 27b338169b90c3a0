/** Shares of a worker's memory limit. Fixed: each is tuned to the others. */
export const memoryFractions = {
  /** Results above this much go to disk; and what spilling aims at once the process is above `spill`. */
  target: 0.6,
  /** The whole process's memory counts from here on, not only the results': what tasks hold makes results give way. */
  spill: 0.7,
  /** No new task is started, and the scheduler sends none. */
  pause: 0.8,
  /** A paused worker goes on below this, a little lower, so that it does not change its mind all the time. */
  resume: 0.75,
  /** Its nanny stops the process, before the operating system stops something else. */
  end: 0.95,
} as const;

export interface MemoryDecision {
  /** By how much to make the process smaller by spilling; 0: not at all. */
  readonly spillBytes: number;
  readonly paused: boolean;
}

/** Decides, sample by sample, what a process's memory asks of it. */
export class MemoryPressure {
  readonly #limitBytes: number;
  #spilling = false;
  #paused = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** `memoryBytes`: what the process and those that it started use now. */
  sample(memoryBytes: number): MemoryDecision {
    const limit = this.#limitBytes;
    const targetBytes = limit * memoryFractions.target;
    this.#spilling = memoryBytes > (this.#spilling ? targetBytes : limit * memoryFractions.spill);
    const pausesFrom = this.#paused ? memoryFractions.resume : memoryFractions.pause;
    this.#paused = memoryBytes > limit * pausesFrom;
    return { spillBytes: this.#spilling ? Math.ceil(memoryBytes - targetBytes) : 0, paused: this.#paused };
  }
}
