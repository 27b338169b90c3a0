import type { SlotHost } from "./slot-host.ts";
import type { JobEnd, SlotEvent, SlotJob } from "./slot-job.ts";
import { SlotRun } from "./slot-run.ts";

/** The brief jobs that were handed to a thread behind the one that it runs: it begins each when the one before has ended. */
export class Followers {
  readonly #onEvent: (event: SlotEvent) => void;
  #runs: SlotRun[] = [];

  constructor(onEvent: (event: SlotEvent) => void) {
    this.#onEvent = onEvent;
  }

  get size(): number {
    return this.#runs.length;
  }

  has(job: number): boolean {
    return this.#runs.some((run) => run.job.id === job);
  }

  add(host: SlotHost, job: SlotJob): void {
    this.#runs.push(new SlotRun(job));
    host.send({ kind: "run", job });
  }

  /** Whose turn it is now. */
  next(): SlotRun | undefined {
    return this.#runs.shift();
  }

  started(job: number, startMs: number): void {
    const run = this.#runs.find((follower) => follower.job.id === job);
    if (run === undefined) return;
    run.startMs = startMs;
    this.#onEvent({ kind: "started", job });
  }

  /** The word of the job before it is still on its way: large results take another one than small ones. */
  ended(end: JobEnd): void {
    const index = this.#runs.findIndex(({ job }) => job.id === end.job);
    const [run] = index < 0 ? [] : this.#runs.splice(index, 1);
    if (run !== undefined) this.#onEvent(run.verdict ?? end);
  }

  /** Takes back all that has not begun. What is left has ended, but for the news of it, save the one that runs. */
  takeBack(host: SlotHost, first: SlotRun): SlotRun[] {
    if (this.#runs.length === 0) return [];
    const recalled = host.lane?.recall() ?? 0;
    const taken = this.#runs.splice(Math.max(0, this.#runs.length - recalled));
    // Nothing at all had begun.
    if (recalled > taken.length) host.send({ kind: "run", job: first.job });
    return taken;
  }
}
