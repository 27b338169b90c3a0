import { ClusterError } from "../protocol/errors.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { FutureRecord } from "./future-record.ts";

/** Why there is no value for who asked for it before. */
export function released({ key }: FutureRecord, when: string): ClusterError {
  return new ClusterError("UNKNOWN_FUTURE", `the future of "${key}" was released ${when}`);
}

/** Collects the futures that were dropped in one turn of the event loop: garbage collection brings them by thousands. */
export class Releases {
  readonly #send: (futures: readonly FutureId[]) => void;
  #turn: FutureId[] = [];

  constructor(send: (futures: readonly FutureId[]) => void) {
    this.#send = send;
  }

  add(record: FutureRecord): void {
    record.dropped = true;
    // Whoever waits for its end, or for a better answer, waits in vain.
    record.state =
      record.state.status === "pending"
        ? { status: "lost", error: released(record, "before it had ended") }
        : record.state;
    if (this.#turn.length === 0) setImmediate(() => this.#flush());
    this.#turn.push(record.id);
  }

  #flush(): void {
    const futures = this.#turn;
    this.#turn = [];
    this.#send(futures);
  }
}
