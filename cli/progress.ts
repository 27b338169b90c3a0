import { styleText } from "node:util";
import { withLocalFiles } from "../client/code/source-names.ts";
import type { TaskStateChange } from "../flow/flow-runner/task-attempts.ts";
import { type Failed, isFailed, isSuccessful, type State } from "../flow/states.ts";
import { formatDuration } from "../protocol/units.ts";
import { LiveBlock, type Screen } from "./live-block.ts";
import { printable } from "./printable.ts";
import { progressLines } from "./progress-lines.ts";
import { slowestTasks } from "./slowest-tasks.ts";
import { TaskTally } from "./task-tally.ts";

/** Where progress goes: stderr, or a test's list. */
export interface ProgressOutput extends Screen {
  /** Whether what was written can be drawn over. */
  readonly isTTY: boolean;
  readonly colors: boolean;
}

/** Failures beyond so many are only counted: a thousand children that fail alike say no more than the first. */
const failuresShown = 10;

/** What lives is redrawn at most so often: a thousand small tasks a second must not go to drawing. */
const redrawMs = 100;

/** And at least so often, since durations and rates change by themselves. */
const staleMs = 1_000;

/**
 * Tells people how far a flow run is. Where it can be drawn over there is a line for each task name that lives; elsewhere
 * each gets a line when all of it is done. Failures always get a line of their own.
 */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #quiet: boolean;
  readonly #now: () => number;
  readonly #startedMs: number;
  readonly #tallies = new Map<string, TaskTally>();
  readonly #block: LiveBlock;
  #failures = 0;
  #drawnMs: number = Number.NEGATIVE_INFINITY;
  #changed = false;
  #isHidden = false;

  /** @param quiet leaves failures alone. */
  constructor(output: ProgressOutput, quiet: boolean, now: () => number) {
    this.#output = output;
    this.#quiet = quiet;
    this.#now = now;
    this.#startedMs = now();
    this.#block = new LiveBlock(output);
  }

  change(change: TaskStateChange): void {
    const { task, mapIndex, state } = change;
    const tally = this.#tallyOf(task);
    tally.change(change, this.#now());
    const label = mapIndex === undefined ? task : `${task}[${mapIndex}]`;
    if (isFailed(state) && state.type !== "TriggerFailed") this.#fail(label, state);
    if (this.#quiet) return;
    if (state.type === "Retrying") this.#line(`${label}: will run again: ${state.message}`);
    this.#show(tally);
  }

  /** Draws what lives, if it has changed or was not drawn for long. To be called now and then. */
  tick(): void {
    if (this.#quiet || this.#isHidden || !this.#output.isTTY || this.#tallies.size === 0) return;
    const nowMs = this.#now();
    const sinceMs = nowMs - this.#drawnMs;
    if (sinceMs < redrawMs || (!this.#changed && sinceMs < staleMs)) return;
    this.#drawnMs = nowMs;
    this.#changed = false;
    const { colors, rows } = this.#output;
    const lines = progressLines([...this.#tallies.values()], nowMs - this.#startedMs, nowMs, rows() - 1);
    this.#block.draw(
      lines.map(({ text }) => printable(text)),
      (text, index) => (colors && lines[index]?.failed ? red(text) : text),
    );
  }

  /** Makes place for what others write, until `show`. */
  hide(): void {
    this.#block.clear();
    this.#isHidden = true;
  }

  /** The cursor is at the start of a line again. */
  show(): void {
    this.#isHidden = false;
    this.#changed = true;
  }

  /** Removes what lives and tells how the run ended. */
  end(flow: string, state: State, report?: string): void {
    if (this.#quiet && isSuccessful(state)) return;
    const tallies = [...this.#tallies.values()];
    const sum = (key: "done" | "failed" | "skipped"): number => tallies.reduce((total, tally) => total + tally[key], 0);
    const done = sum("done");
    const parts = [`${done} task${done === 1 ? "" : "s"}`];
    if (sum("failed") > 0) parts.push(`${sum("failed")} failed`);
    if (sum("skipped") > 0) parts.push(`${sum("skipped")} skipped`);
    if (!this.#quiet) for (const line of slowestTasks(tallies)) this.#line(line);
    if (report !== undefined) this.#line(`report: ${report}`);
    const duration = formatDuration(this.#now() - this.#startedMs);
    this.#line(`${flow}: ${state.type} in ${duration} (${parts.join(", ")}): ${state.message}`);
    this.hide();
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

  #tallyOf(task: string): TaskTally {
    const known = this.#tallies.get(task);
    if (known) return known;
    const tally = new TaskTally(task, this.#now());
    this.#tallies.set(task, tally);
    return tally;
  }

  #show(tally: TaskTally): void {
    if (this.#output.isTTY) {
      this.#changed = true;
      return this.tick();
    }
    const { name, done, total, failed, startedMs } = tally;
    if (done < total) return;
    this.#line(
      `${name}: ${done}/${total}${failed > 0 ? `, ${failed} failed` : ""} (${formatDuration(this.#now() - startedMs)})`,
    );
  }

  #line(text: string): void {
    this.#block.clear();
    this.#output.write(`${printable(text)}\n`);
    this.#drawnMs = Number.NEGATIVE_INFINITY;
    this.#changed = true;
  }
}

function red(text: string): string {
  return styleText("red", text, { validateStream: false });
}
