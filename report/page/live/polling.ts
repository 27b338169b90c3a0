import { ApiError, read } from "./api.ts";

const pollMs = 2_000;

/** Asks for the same again and again, one after another, for as long as a page shows it. */
export class Polling<Value> {
  readonly #show: (value: Value) => void;
  readonly #fail: (message: string) => void;
  #path: string | undefined;
  #asked = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(show: (value: Value) => void, fail: (message: string) => void) {
    this.#show = show;
    this.#fail = fail;
  }

  /** From now on this path, at once. */
  ask(path: string): void {
    this.#path = path;
    this.#asked.abort();
    this.#asked = new AbortController();
    clearTimeout(this.#timer);
    void this.#poll(path, this.#asked.signal);
  }

  /** Now, not only when it is time. */
  again(): void {
    if (this.#path !== undefined) this.ask(this.#path);
  }

  close(): void {
    this.#asked.abort();
    clearTimeout(this.#timer);
  }

  async #poll(path: string, signal: AbortSignal): Promise<void> {
    try {
      const value = await read<Value>(path, signal);
      if (signal.aborted) return;
      this.#show(value);
    } catch (error) {
      if (signal.aborted) return;
      this.#fail(error instanceof ApiError ? error.message : "the scheduler cannot be reached");
    }
    this.#timer = setTimeout(() => void this.#poll(path, signal), pollMs);
  }
}
