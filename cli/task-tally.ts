import type { TaskStateChange } from "../flow/flow-runner/task-attempts.ts";
import { isFailed, isFinished, isSkipped } from "../flow/states.ts";

/** The rate is that of the last seconds: what was done long ago, perhaps with fewer workers, says little about the rest. */
const rateOverMs = 10_000;
const sampleMs = 1_000;

interface Longest {
  readonly label: string;
  readonly ms: number;
}

/** How far all runs of one task name have come. */
export class TaskTally {
  readonly name: string;
  readonly startedMs: number;
  done = 0;
  failed = 0;
  skipped = 0;
  /** How often the function ran and told for how long. */
  timed = 0;
  timedMs = 0;
  longest: Longest | undefined;
  /** Children that were made, of all its mapped nodes. */
  #children = 0;
  /** By place in the map: what was submitted and has not ended. */
  readonly #underWay = new Set<number | undefined>();
  #samples: { readonly atMs: number; readonly done: number }[];

  constructor(name: string, nowMs: number) {
    this.name = name;
    this.startedMs = nowMs;
    this.#samples = [{ atMs: nowMs, done: 0 }];
  }

  /** What is known to be there; children count once they were made. */
  get total(): number {
    return Math.max(this.#children, this.done + this.#underWay.size);
  }

  /** Handed to the executor: it waits there, or runs. */
  get underWay(): number {
    return this.#underWay.size;
  }

  change({ mapIndex, state, ranMs }: TaskStateChange, nowMs: number): void {
    if (ranMs !== undefined) this.#time(ranMs, mapIndex);
    if (mapIndex === undefined && state.type === "Mapped") {
      this.#children += state.count;
    } else if (isFinished(state)) {
      this.#underWay.delete(mapIndex);
      this.done += 1;
      if (isSkipped(state)) this.skipped += 1;
      if (isFailed(state)) this.failed += 1;
      this.#sample(nowMs);
    } else {
      this.#underWay.add(mapIndex);
    }
  }

  /** Ends a second of late; undefined while there is too little to tell from. */
  rate(nowMs: number): number | undefined {
    const first = this.#samples.findLast(({ atMs }) => nowMs - atMs >= rateOverMs) ?? this.#samples[0];
    if (first === undefined || nowMs - first.atMs < sampleMs || this.done === first.done) return undefined;
    return ((this.done - first.done) * 1_000) / (nowMs - first.atMs);
  }

  #time(ms: number, mapIndex: number | undefined): void {
    this.timed += 1;
    this.timedMs += ms;
    if (this.longest !== undefined && this.longest.ms >= ms) return;
    this.longest = { label: mapIndex === undefined ? this.name : `${this.name}[${mapIndex}]`, ms };
  }

  #sample(nowMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && nowMs - last.atMs < sampleMs) return;
    this.#samples.push({ atMs: nowMs, done: this.done });
    this.#samples = this.#samples.slice(-(rateOverMs / sampleMs) - 1);
  }
}
