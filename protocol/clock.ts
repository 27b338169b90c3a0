/** The one source of time of a shell. Cores never see it: they are handed `nowMs`. */
export interface Clock {
  /** Monotonic milliseconds since some fixed moment. */
  now(): number;
  /** Calls back once, no earlier than `delayMs` from now. Returns the cancellation. */
  schedule(delayMs: number, callback: () => void): () => void;
}
