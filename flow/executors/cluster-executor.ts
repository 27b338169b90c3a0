import { type ClusterExecutorOptions, type ResolvedClusterOptions, resolveClusterOptions } from "./cluster-options.ts";
import { ClusterSession } from "./cluster-session.ts";
import { type ExecutorSession, SessionExecutor, type SessionOptions } from "./session-executor.ts";

export type { ClusterExecutorOptions } from "./cluster-options.ts";

/**
 * Runs tasks on a cluster: by default on a temporary one, which is started for each run and closed when the run ends however
 * it ends; with `address` on an existing one, which outlives the run.
 */
export class ClusterExecutor extends SessionExecutor {
  readonly #options: ResolvedClusterOptions;

  /** @throws ConfigurationError `BAD_OPTION`, also for a cluster class that cannot be loaded. */
  constructor(options: ClusterExecutorOptions = {}) {
    super();
    this.#options = resolveClusterOptions(options);
  }

  protected override openSession(options: SessionOptions): ExecutorSession {
    return new ClusterSession(this.#options, options);
  }

  protected override get reportedAddress(): string {
    const { place } = this.#options;
    return place.kind === "existing" ? place.address : "";
  }

  protected override get reportPath(): string | undefined {
    return this.#options.performanceReportPath;
  }
}
