import TinyQueue from "tinyqueue";

interface Entry {
  readonly atMs: number;
  readonly sequence: number;
  action: (() => void) | undefined;
}

/** Takes back what was scheduled; once it happened, or twice, changes nothing. */
export type Undo = () => void;

/** The clock of a simulation: nothing happens but what was scheduled, in the order of time, then of scheduling. */
export class VirtualTime {
  nowMs: number = 0;
  /** How many things have happened. */
  steps: number = 0;
  readonly #queue: TinyQueue<Entry> = new TinyQueue<Entry>([], (a, b) => a.atMs - b.atMs || a.sequence - b.sequence);
  #sequence = 0;

  schedule(delayMs: number, action: () => void): Undo {
    return this.scheduleAt(this.nowMs + Math.max(0, delayMs), action);
  }

  /** Two things at the very same time happen in the order in which they were scheduled. */
  scheduleAt(atMs: number, action: () => void): Undo {
    const entry: Entry = { atMs, sequence: this.#sequence++, action };
    this.#queue.push(entry);
    return () => {
      entry.action = undefined;
    };
  }

  /** Lets the next thing happen, unless it lies beyond `untilMs`. Returns false, with the clock at `untilMs`, if nothing does. */
  step(untilMs: number): boolean {
    for (let entry = this.#queue.peek(); entry !== undefined && entry.atMs <= untilMs; entry = this.#queue.peek()) {
      this.#queue.pop();
      const { action } = entry;
      if (action === undefined) continue;
      entry.action = undefined;
      this.nowMs = entry.atMs;
      this.steps++;
      action();
      return true;
    }
    this.nowMs = Math.max(this.nowMs, untilMs);
    return false;
  }
}
