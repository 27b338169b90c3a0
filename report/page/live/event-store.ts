import type { ClusterEvent } from "../../../protocol/record.ts";

/** Few enough to be drawn anew every other second. */
const attemptsMax = 20_000;
const othersMax = 20_000;

/** The last things that happened, as far as this page heard of them. What is drawn often and what is rare do not push each other out. */
export class EventStore {
  #attempts: ClusterEvent[] = [];
  #others: ClusterEvent[] = [];
  /** Grows with every event. */
  version = 0;

  add(events: readonly ClusterEvent[]): void {
    for (const event of events) (isFrequent(event) ? this.#attempts : this.#others).push(event);
    this.#attempts = trimmed(this.#attempts, attemptsMax);
    this.#others = trimmed(this.#others, othersMax);
    this.version += events.length;
  }

  clear(): void {
    this.#attempts = [];
    this.#others = [];
    this.version++;
  }

  /** Those that had not ended by `sinceMs` (Unix epoch time); of workers all, since who is there came at some time. */
  since(sinceMs: number): ClusterEvent[] {
    return [
      ...this.#others.filter((event) => event.kind === "worker" || timeOf(event) >= sinceMs),
      ...this.#attempts.filter((event) => timeOf(event) >= sinceMs),
    ];
  }
}

/** Trims seldom, so that adding one costs little. */
function trimmed(events: ClusterEvent[], most: number): ClusterEvent[] {
  return events.length <= most * 1.25 ? events : events.slice(-most);
}

const isFrequent = ({ kind }: ClusterEvent): boolean => kind === "attempt" || kind === "transfer" || kind === "disk";

function timeOf(event: ClusterEvent): number {
  if ("endMs" in event) return event.endMs;
  if ("atMs" in event) return event.atMs;
  if (event.kind === "log") return event.line.atMs;
  return event.kind === "scaling" ? event.decision.atMs : 0;
}
