import { withLocalFiles } from "../client/code/source-names.ts";
import type { TaskStateChange } from "../flow/flow-runner/task-attempts.ts";
import { type Failed, isFailed, isFinished, isSkipped, isSuccessful, type State } from "../flow/states.ts";
import { formatDuration } from "../protocol/units.ts";

/** Where progress goes: stderr, or a test's list. */
export interface ProgressOutput {
  readonly write: (text: string) => void;
  /** Whether a line can be drawn over; if so, `columns` is how much of it fits. */
  readonly isTTY: boolean;
  readonly columns: number;
}

interface Tally {
  readonly startedMs: number;
  /** How many there are; a mapped task counts its children, once they are made. */
  total: number;
  done: number;
  failed: number;
  skipped: number;
}

/** Failures beyond so many are only counted: a thousand children that fail alike say no more than the first. */
const failuresShown = 10;

/** A live line is redrawn at most so often: a thousand small tasks a second must not go to drawing. */
const redrawMs = 100;

/**
 * Tells people how far a flow run is. Where the line can be drawn over there is one that lives; elsewhere each task gets
 * a line when all of it is done. Failures always get a line of their own.
 */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #quiet: boolean;
  readonly #now: () => number;
  readonly #startedMs: number;
  readonly #tallies = new Map<string, Tally>();
  #failures = 0;
  #drawnMs: number = Number.NEGATIVE_INFINITY;

  /** @param quiet leaves failures alone. */
  constructor(output: ProgressOutput, quiet: boolean, now: () => number) {
    this.#output = output;
    this.#quiet = quiet;
    this.#now = now;
    this.#startedMs = now();
  }

  change({ task, mapIndex, state }: TaskStateChange): void {
    const tally = this.#tallyOf(task);
    if (mapIndex === undefined && state.type === "Mapped") {
      tally.total = state.count;
    } else if (isFinished(state)) {
      tally.done += 1;
      tally.total = Math.max(tally.total, tally.done);
      if (isSkipped(state)) tally.skipped += 1;
      if (isFailed(state)) tally.failed += 1;
    }
    const label = mapIndex === undefined ? task : `${task}[${mapIndex}]`;
    if (isFailed(state) && state.type !== "TriggerFailed") this.#fail(label, state);
    if (this.#quiet) return;
    if (state.type === "Retrying") this.#line(`${label}: will run again: ${state.message}`);
    this.#show(task, tally);
  }

  /** Removes the live line and tells how the run ended. */
  end(flow: string, state: State): void {
    if (this.#quiet && isSuccessful(state)) return;
    const sum = (key: "done" | "failed" | "skipped"): number =>
      [...this.#tallies.values()].reduce((total, tally) => total + tally[key], 0);
    const done = sum("done");
    const parts = [`${done} task${done === 1 ? "" : "s"}`];
    if (sum("failed") > 0) parts.push(`${sum("failed")} failed`);
    if (sum("skipped") > 0) parts.push(`${sum("skipped")} skipped`);
    const duration = formatDuration(this.#now() - this.#startedMs);
    this.#line(`${flow}: ${state.type} in ${duration} (${parts.join(", ")}): ${state.message}`);
  }

  #fail(label: string, state: Failed): void {
    this.#failures += 1;
    if (this.#failures > failuresShown) return;
    this.#line(`${label}: ${state.type}: ${state.message}`);
    // The message is in the state's; of the stack, where it happened is left to tell.
    const frames = withLocalFiles(state.error?.stack ?? "")
      .split("\n")
      .filter((line) => /^\s+at /.test(line));
    for (const frame of frames.slice(0, 8)) this.#line(frame);
  }

  #tallyOf(task: string): Tally {
    const known = this.#tallies.get(task);
    if (known) return known;
    const tally: Tally = { startedMs: this.#now(), total: 1, done: 0, failed: 0, skipped: 0 };
    this.#tallies.set(task, tally);
    return tally;
  }

  #show(task: string, tally: Tally): void {
    if (this.#output.isTTY) {
      this.#draw();
    } else if (tally.done === tally.total) {
      const failed = tally.failed > 0 ? `, ${tally.failed} failed` : "";
      this.#line(`${task}: ${tally.done}/${tally.total}${failed} (${formatDuration(this.#now() - tally.startedMs)})`);
    }
  }

  #draw(): void {
    const nowMs = this.#now();
    if (nowMs - this.#drawnMs < redrawMs) return;
    this.#drawnMs = nowMs;
    const parts = [...this.#tallies]
      .filter(([, tally]) => tally.done < tally.total)
      .map(([task, tally]) => `${task} ${tally.done}/${tally.total}`);
    const line = [formatDuration(nowMs - this.#startedMs), ...parts].join("  ");
    this.#output.write(`\r\u001b[K${line.slice(0, Math.max(10, this.#output.columns - 1))}`);
  }

  #line(text: string): void {
    this.#output.write(`${this.#output.isTTY ? "\r\u001b[K" : ""}${text}\n`);
    this.#drawnMs = Number.NEGATIVE_INFINITY;
  }
}
