import { timerMs } from "../../protocol/timer-ms.ts";
import type { SlotHost } from "./slot-host.ts";

/**
 * However short the grace is, the system gets this long to carry out a terminate() or a signal on a loaded machine before
 * the slot is called stuck.
 */
const confirmMs = 2_000;

/** Calls back after a delay, and after whatever had arrived by then: a busy host must not mistake itself for a slow slot. */
export function after(delayMs: number, callback: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    immediate = setImmediate(callback);
  }, timerMs(delayMs));
  return () => {
    clearTimeout(timer);
    clearImmediate(immediate);
  };
}

export interface LadderOptions {
  readonly host: SlotHost;
  readonly graceMs: number;
  /** The next rung is the end of the thread or process: whatever it reports from now on comes too late. */
  readonly onEnding: () => void;
  /** The last rung was no use. */
  readonly onStuck: () => void;
}

/**
 * The rungs: a grace in which the task may obey its signal, then terminate() or SIGTERM, a grace, SIGKILL. Every rung ends
 * when stop() is called because the slot is done with.
 */
export class KillLadder {
  readonly #options: LadderOptions;
  #cancelWait: () => void = () => {};
  #ending = false;

  constructor(options: LadderOptions) {
    this.#options = options;
  }

  /** From the first rung: the task's signal has just been aborted. */
  startWithGrace(): void {
    this.#wait(this.#options.graceMs, () => this.startWithEnd());
  }

  /** From the second rung: there is no task to wait for, or no use in it. */
  startWithEnd(): void {
    if (this.#ending) return;
    this.#ending = true;
    const { host, graceMs, onEnding, onStuck } = this.#options;
    onEnding();
    host.end();
    this.#wait(graceMs, () => {
      const killed = host.kill();
      this.#wait(killed ? confirmMs : Math.max(0, confirmMs - graceMs), onStuck);
    });
  }

  stop(): void {
    this.#cancelWait();
  }

  #wait(delayMs: number, next: () => void): void {
    this.#cancelWait();
    this.#cancelWait = after(delayMs, next);
  }
}
