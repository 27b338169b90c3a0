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
  #key: Naming;
  #state: FutureState = pending;
  #listeners: Set<() => void> | undefined;

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
    const listeners = this.#listeners;
    if (listeners !== undefined) for (const listener of [...listeners]) listener();
  }

  /** Calls back after each change of the state. Returns the way to stop that. */
  onChange(listener: () => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  /** Calls back once, as soon as the future is not pending; at once if it is not. */
  onceDone(listener: () => void): () => void {
    if (this.#state.status !== "pending") {
      listener();
      return () => {};
    }
    const stop = this.onChange(() => {
      if (this.#state.status === "pending") return;
      stop();
      listener();
    });
    return stop;
  }

  done(): Promise<void> {
    return new Promise((resolve) => this.onceDone(resolve));
  }

  /** Resolves once the state is another one than `known`. */
  changedFrom(known: FutureState): Promise<void> {
    if (this.#state !== known) return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onChange(() => {
        stop();
        resolve();
      });
    });
  }
}
