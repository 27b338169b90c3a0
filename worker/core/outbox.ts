import type { WorkerToScheduler } from "../../protocol/messages.ts";
import type { WorkerEffect } from "./effects.ts";

/** Failures that may have been lost with a connection are told again; older ones were surely heard. */
const recentFailuresMax = 256;

/**
 * "connected": a scheduler listens. "away": the connection is lost, and the scheduler is believed to keep what it knows of
 * this worker. "none": no scheduler knows anything of it.
 */
export type Tie = "none" | "connected" | "away";

/** Collects the effects of one event. While no scheduler listens, only the ends of what it waits for are kept for it. */
export class Outbox {
  #tie: Tie = "none";
  #effects: WorkerEffect[] = [];
  #owed: WorkerToScheduler[] = [];
  readonly #recentFailures: WorkerToScheduler[] = [];

  get tie(): Tie {
    return this.#tie;
  }

  push(effect: WorkerEffect): void {
    this.#effects.push(effect);
  }

  send(message: WorkerToScheduler, mayWait?: boolean): void {
    if (this.#tie === "connected") {
      this.#effects.push(mayWait === true ? { kind: "send", message, mayWait } : { kind: "send", message });
      if (message.op === "failed") this.#remember(message);
    } else if (this.#tie === "away" && isEnd(message)) this.#owed.push(message);
  }

  /** A scheduler took this worker in, or takes it back: then the ends that it may not have heard of come first. */
  connect(): void {
    this.#tie = "connected";
    const owed = [...this.#recentFailures.splice(0), ...this.#owed];
    this.#owed = [];
    for (const message of owed) this.send(message);
  }

  leave(): void {
    this.#tie = "away";
  }

  /** Nobody waits for anything any more. */
  forget(): void {
    this.#tie = "none";
    this.#owed = [];
    this.#recentFailures.length = 0;
  }

  take(): readonly WorkerEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  /** A result that was lost on the way is still held; of a failure nothing else would be left. */
  #remember(failure: WorkerToScheduler): void {
    this.#recentFailures.push(failure);
    if (this.#recentFailures.length > recentFailuresMax) this.#recentFailures.shift();
  }
}

function isEnd({ op }: WorkerToScheduler): boolean {
  return op === "done" || op === "failed" || op === "cancelled" || op === "run-reply";
}
