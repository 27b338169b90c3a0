import type { ClusterEvent } from "../../protocol/record.ts";
import { Presence } from "./presence.ts";

/** Old events go in pieces of this part of all, so that one that comes costs no copying. */
const pieces = 16;

/** The last events, up to a number; how many were left out is itself told as an event. */
export class KeptEvents {
  readonly #pieceMax: number;
  readonly #enabled: boolean;
  /** As of the last event that was dropped: a worker that is still there must not be forgotten with it. */
  readonly #presentBefore: Presence = new Presence();
  #pieces: ClusterEvent[][] = [[]];
  #dropped = 0;
  #droppedAtMs = 0;
  /** How many events went before those that are kept. */
  #before = 0;

  constructor(keptMax: number) {
    this.#enabled = keptMax > 0;
    this.#pieceMax = Math.max(1, Math.ceil(keptMax / pieces));
  }

  add(event: ClusterEvent): void {
    if (!this.#enabled) return;
    let last = this.#pieces.at(-1) as ClusterEvent[];
    if (last.length >= this.#pieceMax) {
      last = [];
      this.#pieces.push(last);
      if (this.#pieces.length > pieces) this.#drop(this.#pieces.shift() as ClusterEvent[]);
    }
    last.push(event);
  }

  /** The number that the next event will have. */
  get next(): number {
    return this.#before + this.#pieces.reduce((count, piece) => count + piece.length, 0);
  }

  /** Up to so many of the events whose numbers are at least `from`, the oldest first, and where to go on. */
  from(from: number, limit: number): { readonly events: readonly ClusterEvent[]; readonly next: number } {
    const events: ClusterEvent[] = [];
    let first = this.#before;
    for (const piece of this.#pieces) {
      const start = Math.max(0, from - first);
      for (const event of piece.slice(start, start + limit - events.length)) events.push(event);
      first += piece.length;
    }
    return { events, next: Math.min(Math.max(from, this.#before) + events.length, this.next) };
  }

  /** Oldest first. */
  *all(): Iterable<ClusterEvent> {
    yield* this.#presentBefore.events();
    if (this.#dropped > 0) yield { kind: "dropped", atMs: this.#droppedAtMs, what: "events", count: this.#dropped };
    for (const piece of this.#pieces) yield* piece;
  }

  #drop(piece: readonly ClusterEvent[]): void {
    this.#before += piece.length;
    for (const event of piece) {
      this.#presentBefore.note(event);
      if (event.kind === "dropped") this.#dropped += event.count;
      else this.#dropped++;
      this.#droppedAtMs = timeOf(event) ?? this.#droppedAtMs;
    }
  }
}

/** When it was over. */
function timeOf(event: ClusterEvent): number | undefined {
  if ("atMs" in event) return event.atMs;
  if ("endMs" in event) return event.endMs;
  return event.kind === "log" ? event.line.atMs : event.kind === "scaling" ? event.decision.atMs : undefined;
}
