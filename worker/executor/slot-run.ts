import { assertNever, type WireError } from "../../protocol/errors.ts";
import { cancelled, timedOut } from "./job-failure.ts";
import { after } from "./kill-ladder.ts";
import type { JobEnd, SlotJob } from "./slot-job.ts";

/** The job in a slot, and what has been decided about its end. */
export class SlotRun {
  readonly job: SlotJob;
  startMs: number = Date.now();
  /** "discard": cancelled without force, so its end is awaited and its result thrown away. */
  intent: "finish" | "discard" | "cancel" | "time-out" = "finish";
  /** The end that is to be told although code of the job may still run, which is being ended. */
  reported: JobEnd | undefined;
  /** Its function waits for tasks that it submitted itself. */
  blocked = false;
  /** It takes longer than was expected of it: nothing is handed to its slot behind it any more. */
  stalled = false;
  #cancelTimeout: () => void = () => {};

  constructor(job: SlotJob) {
    this.job = job;
  }

  /** Starts the job's time limit, or starts it anew. */
  startTimeout(onTimeout: () => void): void {
    this.stopTimeout();
    if (this.job.timeoutMs > 0) this.#cancelTimeout = after(this.job.timeoutMs, onTimeout);
  }

  stopTimeout(): void {
    this.#cancelTimeout();
  }

  /** Whether brief jobs may be handed to its slot behind it. */
  get takesFollowers(): boolean {
    return this.job.brief === true && this.intent === "finish" && !this.blocked && !this.stalled;
  }

  /** What the task's signal is aborted with. */
  get abortError(): WireError {
    return this.intent === "time-out" ? timedOut(this.job) : cancelled(this.job);
  }

  /** What was decided here, whatever the job itself says; undefined: the job's own word counts. */
  get verdict(): JobEnd | undefined {
    switch (this.intent) {
      case "finish":
        return this.reported;
      case "time-out":
        return {
          kind: "failed",
          job: this.job.id,
          error: timedOut(this.job),
          startMs: this.startMs,
          endMs: Date.now(),
        };
      case "discard":
      case "cancel":
        return { kind: "cancelled", job: this.job.id };
      default:
        return assertNever(this.intent);
    }
  }
}
