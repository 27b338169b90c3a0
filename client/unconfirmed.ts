import type { ClientToScheduler, SchedulerToClient } from "../protocol/messages.ts";

/**
 * What was said and not answered, in order: after a lost connection it is said again, and the scheduler acts on none of it
 * twice. Functions' definitions are never answered, so each is said again every time.
 */
export class Unconfirmed {
  readonly #definitions: ClientToScheduler[] = [];
  readonly #messages = new Map<string, ClientToScheduler>();
  #releases = 0;

  add(message: ClientToScheduler): void {
    if (message.op === "define-fn") this.#definitions.push(message);
    else if (message.op === "submit") this.#messages.set(`submission ${message.submission}`, message);
    // A bundle is uploaded afresh by whoever does it; a release counts only after the submissions before it.
    else if (message.op === "release" && this.#messages.size > 0)
      this.#messages.set(`release ${++this.#releases}`, message);
    else if ("request" in message && message.op !== "put-bundle")
      this.#messages.set(`request ${message.request}`, message);
  }

  /** The message could not be sent at all, and nobody waits for its answer. */
  drop(message: ClientToScheduler): void {
    if (message.op === "submit") this.#messages.delete(`submission ${message.submission}`);
    else if ("request" in message) this.#messages.delete(`request ${message.request}`);
  }

  answered(message: SchedulerToClient): void {
    if (message.op === "reply") this.#messages.delete(`request ${message.request}`);
    else if (message.op === "accepted" || message.op === "rejected")
      this.#messages.delete(`submission ${message.submission}`);
    else return;
    for (const [key, { op }] of this.#messages) {
      if (op !== "release") return;
      this.#messages.delete(key);
    }
  }

  all(): ClientToScheduler[] {
    return [...this.#definitions, ...this.#messages.values()];
  }
}
