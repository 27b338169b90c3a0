import { checkOptions, type OptionChecks } from "../../client/task-options.ts";
import { availableCores } from "../../worker/executor/limits.ts";
import { LocalSession } from "./local-session.ts";
import { PoolSession } from "./pool-session.ts";
import { type ExecutorSession, SessionExecutor, type SessionOptions } from "./session-executor.ts";

/** Where a PoolExecutor runs its tasks. */
export type PoolScheduler = "threads" | "processes" | "sync";

export interface PoolExecutorOptions {
  /** "threads" (default) and "processes": in slots of those kinds; "sync": one at a time in this thread, for debugging. */
  readonly scheduler?: PoolScheduler | undefined;
  /** How many tasks run at once. Default: the cores that this process may use. "sync" has always one. */
  readonly numWorkers?: number | undefined;
}

const schedulers: readonly PoolScheduler[] = ["threads", "processes", "sync"];

const checks: OptionChecks = {
  scheduler: (value) =>
    schedulers.some((name) => name === value)
      ? undefined
      : `one of ${schedulers.map((name) => JSON.stringify(name)).join(", ")}`,
  numWorkers: (value) => (Number.isInteger(value) && Number(value) > 0 ? undefined : "a whole number, 1 or more"),
};

/**
 * Runs tasks on this machine without a scheduler. Lazy: a submission only notes what was asked for; work begins when a future
 * is waited for, and then only what that one needs, depth first.
 *
 * Code is shipped to the slots as it would be to workers of a cluster, so functions must be tasks or self-contained, and
 * values must be such as can be sent; "sync" is free of both. When the body given to `start` ends, and when the run is
 * cancelled, running tasks are stopped. `resources` and `workers` of a submission mean nothing here.
 */
export class PoolExecutor extends SessionExecutor {
  readonly #scheduler: PoolScheduler;
  readonly #slots: number;

  /** @throws ConfigurationError `BAD_OPTION` */
  constructor(options: PoolExecutorOptions = {}) {
    super();
    checkOptions("PoolExecutor", options, checks);
    const { scheduler = "threads", numWorkers = availableCores() } = options;
    this.#scheduler = scheduler;
    this.#slots = scheduler === "sync" ? 1 : numWorkers;
  }

  protected override openSession(options: SessionOptions): ExecutorSession {
    if (this.#scheduler === "sync") return new LocalSession(options, "when waited for");
    return new PoolSession({ ...options, kind: this.#scheduler, slots: this.#slots });
  }

  slots(): number {
    return this.#slots;
  }
}
