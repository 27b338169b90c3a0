import { CancelledError } from "../protocol/errors.ts";

/** As shells count: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type Ending = keyof typeof exitCodes;

/** Everything must be gone 5 s after the signal; the rest of them is for the process itself to end in. */
const patienceMs = 4_500;

/**
 * Turns the signals that end a program into one AbortSignal, so that whatever runs can close what it started. A second
 * signal, or a teardown that takes too long, ends the process at once: workers end themselves when their nanny is gone.
 */
export class Interruption {
  readonly #controller: AbortController = new AbortController();
  readonly #listeners: readonly (readonly [Ending, () => void])[];
  #exitCode: number | undefined;

  constructor() {
    this.#listeners = (Object.keys(exitCodes) as Ending[]).map((name) => [name, () => this.#receive(name)]);
    for (const [name, listener] of this.#listeners) process.on(name, listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** 130, 143 or 129 once a signal has come. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  #receive(name: Ending): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    this.#exitCode = exitCodes[name];
    setTimeout(() => process.exit(exitCodes[name]), patienceMs).unref();
    const how = name === "SIGINT" ? "Ctrl-C" : name;
    this.#controller.abort(new CancelledError(`interrupted by ${how}`, { details: { reason: how } }));
  }
}

/** Resolves when the signal aborts. */
export function interrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** What `work` gives, unless the signal aborts first: then it rejects with the signal's reason, and nobody waits for `work`. */
export function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const interruption = interrupted(signal).then(() => {
    throw signal.reason;
  });
  return Promise.race([work, interruption]);
}
