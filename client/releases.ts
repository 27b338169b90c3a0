import { ClusterError } from "../protocol/errors.ts";
import type { FutureId } from "../protocol/ids.ts";
import type { FutureRecord } from "./future-record.ts";

/** Collects the futures that were dropped in one turn of the event loop: garbage collection brings them by thousands. */
export class Releases {
  readonly #send: (futures: readonly FutureId[]) => void;
  #turn: FutureId[] = [];

  constructor(send: (futures: readonly FutureId[]) => void) {
    this.#send = send;
  }

  add(record: FutureRecord): void {
    // Nobody will tell its end any more to whoever still waits for it.
    if (record.state.status === "pending") {
      const error = new ClusterError(
        "UNKNOWN_FUTURE",
        `the future of "${record.key}" was released before it had ended`,
      );
      record.state = { status: "lost", error };
    }
    if (this.#turn.length === 0) setImmediate(() => this.#flush());
    this.#turn.push(record.id);
  }

  #flush(): void {
    const futures = this.#turn;
    this.#turn = [];
    this.#send(futures);
  }
}
