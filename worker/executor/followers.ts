import type { SlotHost } from "./slot-host.ts";
import type { JobEnd, SlotEvent, SlotJob } from "./slot-job.ts";
import { SlotRun } from "./slot-run.ts";

/** The brief jobs that were handed to a thread behind the one that it runs: it begins each when the one before has ended. */
export class Followers {
  readonly #onEvent: (event: SlotEvent) => void;
  #runs: SlotRun[] = [];
  /** The first job when it was looked for a stall last. */
  #lookedAt: SlotRun | undefined;

  constructor(onEvent: (event: SlotEvent) => void) {
    this.#onEvent = onEvent;
  }

  get size(): number {
    return this.#runs.length;
  }

  find(job: number): SlotRun | undefined {
    return this.#runs.find((run) => run.job.id === job);
  }

  add(host: SlotHost, job: SlotJob): void {
    this.#runs.push(new SlotRun(job));
    host.send({ kind: "run", job });
  }

  /** Whose turn it is now. */
  next(): SlotRun | undefined {
    return this.#runs.shift();
  }

  /** The word of the job before it is still on its way: large results take another one than small ones. */
  ended(end: JobEnd): void {
    const index = this.#runs.findIndex(({ job }) => job.id === end.job);
    const [run] = index < 0 ? [] : this.#runs.splice(index, 1);
    if (run !== undefined) this.#onEvent(run.verdict ?? end);
  }

  /** Takes back what waits behind the first, and says so; nothing more is to wait there. */
  recall(host: SlotHost, first: SlotRun): void {
    first.stalled = true;
    this.giveBack(first, this.#takeBack(host, first));
  }

  /** To be called now and then: the first has taken long if it was so the last time, too. */
  lookForStall(host: SlotHost, first: SlotRun): void {
    if (first === this.#lookedAt && (first.takesFollowers || this.size > 0)) {
      const isAlone = this.size === 0;
      this.recall(host, first);
      // Others would be handed over behind it.
      if (isAlone) this.#onEvent({ kind: "stalled", job: first.job.id, behind: [] });
    }
    this.#lookedAt = first;
  }

  /** Cancels one of them; the others stay. */
  cancel(host: SlotHost, first: SlotRun, job: number, force: boolean): void {
    const taken = this.#takeBack(host, first);
    for (const run of taken) if (run.job.id !== job) this.add(host, run.job);
    if (taken.some((run) => run.job.id === job)) return this.#onEvent({ kind: "cancelled", job });
    // It has begun, and the word of the end of the one before is still on its way.
    const run = this.find(job);
    if (run !== undefined) run.intent = force || run.intent === "cancel" ? "cancel" : "discard";
  }

  /**
   * All that is left when the thread is gone, and whether the first job had begun. One of those behind it may have begun, too:
   * if the thread was ended for the sake of the first, whose own end was not waited for.
   */
  leave(host: SlotHost): { readonly left: SlotRun[]; readonly firstHadBegun: boolean } {
    const recalled = host.lane?.recall() ?? 0;
    return { firstHadBegun: recalled <= this.#runs.length, left: this.#takeLast(this.#runs.length) };
  }

  /** The thread that has them cannot be ended. */
  stuck(reason: string): void {
    for (const { job } of this.#takeLast(this.#runs.length)) this.#onEvent({ kind: "stuck", job: job.id, reason });
  }

  /** Says that these are to be begun elsewhere, for the sake of the first; save those that are to be stopped. */
  giveBack(first: SlotRun, runs: readonly SlotRun[]): void {
    const behind = runs.filter(({ verdict }) => verdict === undefined).map(({ job }) => job.id);
    if (behind.length > 0) this.#onEvent({ kind: "stalled", job: first.job.id, behind });
    for (const { verdict } of runs) if (verdict !== undefined) this.#onEvent(verdict);
  }

  /** Takes back all that has not begun. What is left has ended, but for the news of it, save the one that runs. */
  #takeBack(host: SlotHost, first: SlotRun): SlotRun[] {
    if (this.#runs.length === 0) return [];
    const recalled = host.lane?.recall() ?? 0;
    const taken = this.#takeLast(recalled);
    // Nothing at all had begun.
    if (recalled > taken.length) host.send({ kind: "run", job: first.job });
    return taken;
  }

  #takeLast(many: number): SlotRun[] {
    return this.#runs.splice(Math.max(0, this.#runs.length - many));
  }
}
