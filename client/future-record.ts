import type { FutureId, TaskId } from "../protocol/ids.ts";

/** Where a future stands, with exactly what is known there. */
export type FutureState =
  | { readonly status: "pending" }
  | {
      readonly status: "finished";
      readonly task: TaskId;
      readonly bytes: number;
      readonly addresses: readonly string[];
    }
  | { readonly status: "error" | "cancelled" | "lost"; readonly error: Error };

export const pending: FutureState = { status: "pending" };

/** A key, or how to make it of the future's number, for whoever asks for it. */
export type Naming = string | ((future: FutureId) => string);

/**
 * What the client knows of one future. The futures' table holds it, and never the Future itself, so that a Future that
 * its user dropped can be collected and released.
 */
export class FutureRecord {
  readonly id: FutureId;
  /** Nobody holds it any more, and the scheduler will say nothing more of it. */
  dropped = false;
  #key: Naming;
  #state: FutureState = pending;
  /** Told of the next change, then forgotten. Mostly there is one, if any. */
  #listener: (() => void) | undefined;
  #others: (() => void)[] | undefined;

  constructor(id: FutureId, key: Naming) {
    this.id = id;
    this.#key = key;
  }

  get key(): string {
    if (typeof this.#key !== "string") this.#key = this.#key(this.id);
    return this.#key;
  }

  get state(): FutureState {
    return this.#state;
  }

  set state(state: FutureState) {
    this.#state = state;
    if (this.#listener === undefined) return;
    const [first, others] = [this.#listener, this.#others];
    this.#listener = undefined;
    this.#others = undefined;
    first();
    if (others !== undefined) for (const listener of others) listener();
  }

  /** Calls back once, after the next change of the state. */
  onceChanged(listener: () => void): void {
    if (this.#listener === undefined) this.#listener = listener;
    else if (this.#others === undefined) this.#others = [listener];
    else this.#others.push(listener);
  }

  /** Calls back once, as soon as the future is not pending; at once if it is not. */
  onceDone(listener: () => void): void {
    const check = (): void => {
      if (this.#state.status === "pending") this.onceChanged(check);
      else listener();
    };
    check();
  }

  done(): Promise<void> {
    return new Promise((resolve) => this.onceDone(resolve));
  }
}
