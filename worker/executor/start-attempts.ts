import { ClusterError } from "../../protocol/errors.ts";

/** How long to wait before each further attempt to start a thread or process. After the last, the slot is broken. */
const againMs: readonly number[] = [100, 1_000, 3_000];

/** Threads or processes of a slot that ended in a row without having run a job: what keeps them from starting seldom goes away by itself. */
export class StartAttempts {
  #failures = 0;

  /** One has run a job. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** When to try again; undefined: no more. */
  failed(): number | undefined {
    this.#failures += 1;
    return againMs[this.#failures - 1];
  }

  error(what: string, cause: unknown): ClusterError {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    const again = this.#failures > 1 ? `, and that ${this.#failures} times in a row` : "";
    return new ClusterError("NOT_STARTED", `${what}${again}${why}`, { cause });
  }
}
