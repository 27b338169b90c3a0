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
  /** The heaps of all slots together: a task that overflows its own ends alone, before the whole process is too large. */
  heaps: 0.6,
  /** Its nanny stops the process, before the operating system stops something else. */
  end: 0.95,
} as const;

/** So many samples in a row of a paused worker that runs nothing show that waiting will not make it smaller. */
export const patienceSamples: number = 25;

export interface MemoryDecision {
  /** By how much to make the process smaller by spilling; 0: not at all. */
  readonly spillBytes: number;
  readonly paused: boolean;
}

/** Decides, sample by sample, what a process's memory asks of it. */
export class MemoryPressure {
  readonly #limitBytes: number;
  #pauseBytes: number;
  #spilling = false;
  #paused = false;
  #idleSamples = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
    this.#pauseBytes = limitBytes * memoryFractions.pause;
  }

  /** `memoryBytes`: what the process and those that it started use now. `busy`: something runs that may give memory back. */
  sample(memoryBytes: number, busy: boolean): MemoryDecision {
    const targetBytes = this.#limitBytes * memoryFractions.target;
    this.#spilling = memoryBytes > (this.#spilling ? targetBytes : this.#limitBytes * memoryFractions.spill);
    this.#decidePause(memoryBytes, busy);
    return { spillBytes: this.#spilling ? Math.ceil(memoryBytes - targetBytes) : 0, paused: this.#paused };
  }

  #decidePause(memoryBytes: number, busy: boolean): void {
    const resumeBytes = this.#limitBytes * memoryFractions.resume;
    if (memoryBytes <= resumeBytes) {
      this.#pauseBytes = this.#limitBytes * memoryFractions.pause;
      this.#paused = false;
    } else if (memoryBytes > this.#pauseBytes) this.#paused = true;
    this.#idleSamples = this.#paused && !busy ? this.#idleSamples + 1 : 0;
    if (this.#idleSamples < patienceSamples) return;
    // A pause that nothing can end would be for ever. Half of what is left up to the end is there to work with; tasks that
    // need more are stopped with their process, and named.
    const endBytes = this.#limitBytes * memoryFractions.end;
    this.#pauseBytes = memoryBytes < endBytes ? (memoryBytes + endBytes) / 2 : Number.POSITIVE_INFINITY;
    this.#paused = false;
  }
}
