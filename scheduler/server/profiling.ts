import type { WorkerId } from "../../protocol/ids.ts";
import type { SchedulerToWorker } from "../../protocol/messages.ts";
import { Profiler } from "../../protocol/profiler.ts";
import type { ProfileEvent } from "../../protocol/record.ts";

/** Workers whose last profile has not come by then are waited for no longer: their code may never pause. */
const lastAnswerMsMax = 2_000;

export interface ProfilingOptions {
  /** Those that are connected now. */
  readonly workers: () => Iterable<WorkerId>;
  readonly order: (worker: WorkerId, message: Extract<SchedulerToWorker, { readonly op: "profile" }>) => void;
  /** What this thread itself sampled. */
  readonly tell: (event: ProfileEvent) => void;
}

/** Has workers and the scheduler's own thread sampled for as long as somebody who watches wants it. */
export class Profiling {
  readonly #options: ProfilingOptions;
  readonly #own: Profiler = new Profiler();
  #wanted = 0;
  /** Workers that were told to cease and have not told the last yet. */
  readonly #awaited: Set<WorkerId> = new Set();
  #whenAnswered: (() => void)[] = [];
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: ProfilingOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#wanted++;
    if (this.#wanted > 1) return;
    this.#own.start();
    for (const worker of this.#options.workers()) this.joined(worker);
  }

  /** Calls back once what was sampled until now has been told. */
  end(whenTold: () => void): void {
    this.#wanted--;
    if (this.#wanted > 0) {
      // It goes on for others; what they get later is no news of the time until now.
      this.#tellOwn(false);
      return whenTold();
    }
    this.#tellOwn(true);
    this.#whenAnswered.push(whenTold);
    for (const worker of this.#options.workers()) {
      this.#awaited.add(worker);
      this.#options.order(worker, { op: "profile", on: false });
    }
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#finish(), lastAnswerMsMax).unref();
    this.#look();
  }

  /** A worker that connects while profiles are wanted joins in. */
  joined(worker: WorkerId): void {
    if (this.#wanted > 0) this.#options.order(worker, { op: "profile", on: true });
  }

  /** It told the last, or is gone. */
  ended(worker: WorkerId): void {
    if (this.#awaited.delete(worker)) this.#look();
  }

  close(): void {
    clearTimeout(this.#deadline);
    this.#own.stop();
  }

  #tellOwn(last: boolean): void {
    const frames = last ? this.#own.stop() : this.#own.collect();
    if (frames.length > 0) this.#options.tell({ kind: "profile", process: "scheduler", frames });
  }

  #look(): void {
    if (this.#awaited.size === 0) this.#finish();
  }

  #finish(): void {
    clearTimeout(this.#deadline);
    this.#awaited.clear();
    for (const tell of this.#whenAnswered.splice(0)) tell();
  }
}
