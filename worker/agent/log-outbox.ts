import { logLinesMax } from "../../protocol/log-limits.ts";
import type { WorkerLogLine } from "../../protocol/record.ts";

/** What may come at once, and what may come for long. */
const burst = { lines: logLinesMax - 1_000, chars: 2 * 2 ** 20 } as const;
const perSecond = { lines: 500, chars: 256 * 2 ** 10 } as const;

/** What a line takes beside its texts. */
const lineChars = 50;

/**
 * Lines that wait to be sent. They are few at any time and not too many over a long time; what comes beyond that is left
 * out and counted, and a line says so where it is missing. While nothing can be sent, no room for more is gained.
 */
export class LogOutbox {
  #pending: WorkerLogLine[] = [];
  #lines: number = burst.lines;
  #chars: number = burst.chars;
  #leftOut = 0;
  /** Since when room has been gained; undefined while it is not. */
  #gainingSinceMs: number | undefined;

  /** Whether there is something to say, now or soon. */
  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#leftOut === 0;
  }

  /** Whether lines can be sent from now on. */
  connected(is: boolean, nowMs: number): void {
    this.#gain(nowMs);
    this.#gainingSinceMs = is ? nowMs : undefined;
  }

  add(line: WorkerLogLine, nowMs: number): void {
    this.#gain(nowMs);
    const chars = charsOf(line);
    if (this.#leftOut > 0) this.#tellLeftOut(nowMs);
    if (this.#leftOut > 0 || this.#lines < 1 || this.#chars < chars) this.#leftOut += 1;
    else this.#push(line, chars);
  }

  /** Gives away what waits; at the `end`, nothing is kept for later. */
  take(nowMs: number, end: boolean = false): readonly WorkerLogLine[] {
    this.#gain(nowMs);
    if (this.#leftOut > 0) this.#tellLeftOut(nowMs, end);
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }

  /** Only once there is room for more than a few: otherwise every other line would be about what is left out. */
  #tellLeftOut(nowMs: number, force: boolean = false): void {
    if (!force && (this.#lines < perSecond.lines || this.#chars < perSecond.chars)) return;
    const lines = this.#leftOut === 1 ? "1 line is" : `${this.#leftOut} lines are`;
    const text = `(${lines} left out here, because too many came at once; the worker's own log has them)`;
    this.#leftOut = 0;
    this.#push({ atMs: nowMs, level: "warn", source: "worker", text }, lineChars);
  }

  #push(line: WorkerLogLine, chars: number): void {
    this.#pending.push(line);
    this.#lines -= 1;
    this.#chars -= chars;
  }

  #gain(nowMs: number): void {
    if (this.#gainingSinceMs === undefined) return;
    const seconds = Math.max(0, nowMs - this.#gainingSinceMs) / 1_000;
    this.#gainingSinceMs = nowMs;
    this.#lines = Math.min(burst.lines, this.#lines + seconds * perSecond.lines);
    this.#chars = Math.min(burst.chars, this.#chars + seconds * perSecond.chars);
  }
}

function charsOf({ text, key = "", run = "" }: WorkerLogLine): number {
  return lineChars + text.length + key.length + run.length;
}
