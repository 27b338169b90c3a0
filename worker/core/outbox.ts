import type { WorkerToScheduler } from "../../protocol/messages.ts";
import type { WorkerEffect } from "./effects.ts";

/** Collects the effects of one event. While no scheduler listens, what would be sent is forgotten. */
export class Outbox {
  connected: boolean = false;
  #effects: WorkerEffect[] = [];

  push(effect: WorkerEffect): void {
    this.#effects.push(effect);
  }

  send(message: WorkerToScheduler): void {
    if (this.connected) this.#effects.push({ kind: "send", message });
  }

  take(): readonly WorkerEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
