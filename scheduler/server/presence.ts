import type { ClusterEvent } from "../../protocol/record.ts";

/** Which workers are there at some moment of the record, for whoever has not heard of what was before. */
export class Presence {
  readonly #joined: Map<string, ClusterEvent> = new Map();

  note(event: ClusterEvent): void {
    if (event.kind !== "worker") return;
    if (event.change === "left" || event.change === "lost") this.#joined.delete(event.worker);
    else if (event.change === "joined") this.#joined.set(event.worker, event);
  }

  /** From now on nothing is heard of them. */
  forget(): void {
    this.#joined.clear();
  }

  /** How each of them joined. */
  events(): Iterable<ClusterEvent> {
    return this.#joined.values();
  }
}
