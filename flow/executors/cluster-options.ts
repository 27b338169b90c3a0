import type { ClientOptions } from "../../client/client.ts";
import { checkOptions, type OptionChecks } from "../../client/task-options.ts";
import { type AdaptOptions, resolveAdaptOptions } from "../../cluster/adapt-options.ts";
import { type ClusterClass, checkClusterClass } from "../../cluster/cluster.ts";
import { ConfigurationError } from "../../protocol/errors.ts";

export interface ClusterExecutorOptions {
  /** Of an existing cluster's scheduler, such as `ws://127.0.0.1:8786`; it outlives the run. Default: a temporary cluster. */
  readonly address?: string | undefined;
  /**
   * What starts the temporary cluster: a class with a static `start(options)`, a function `(options) => cluster`, or an
   * import path of either. The options have a `context` beside the `clusterOptions`, so a function can read
   * `options.context.image`; it does not go along when the options are copied or passed to a class.
   * Default `"muster/cluster/local#LocalCluster"`.
   */
  readonly clusterClass?: ClusterClass | string | undefined;
  readonly clusterOptions?: object | undefined;
  /** Lets the temporary cluster grow and shrink with its work. Default: its size stays as it was started. */
  readonly adapt?: AdaptOptions | undefined;
  /** Of the connection to the scheduler. */
  readonly clientOptions?: ClientOptions | undefined;
  /**
   * What cancelling a run does to its running tasks on an existing cluster: "stop" (default) stops their code, "drain" lets
   * them finish. A temporary cluster is always closed at once.
   */
  readonly cancel?: "stop" | "drain" | undefined;
  /** Where the performance report of each run is written, when the run ends in any way. Default: nowhere. */
  readonly performanceReportPath?: string | undefined;
  /** Logs the last lines of the temporary cluster's own logs, at level debug, before it is closed. Default false. */
  readonly debug?: boolean | undefined;
  /** Logs when workers come and go. Default false. */
  readonly watchWorkerStatus?: boolean | undefined;
}

/** Where the runs of an executor find their cluster. */
export type ClusterPlace =
  | { readonly kind: "existing"; readonly address: string; readonly cancel: "stop" | "drain" }
  | {
      readonly kind: "temporary";
      readonly clusterClass: ClusterClass | string;
      readonly clusterOptions: object;
      readonly adapt: AdaptOptions | undefined;
      readonly debug: boolean;
    };

/** The options, complete. */
export interface ResolvedClusterOptions {
  readonly place: ClusterPlace;
  readonly clientOptions: ClientOptions;
  readonly watchWorkerStatus: boolean;
  readonly performanceReportPath: string | undefined;
}

const isObject = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "an object";
const isFlag = (value: unknown): string | undefined => (typeof value === "boolean" ? undefined : "true or false");

const checks: OptionChecks = {
  address: (value) => (typeof value === "string" && value !== "" ? undefined : "a string that is not empty"),
  // Looked at more closely below, where the error can say what a cluster class is.
  clusterClass: () => undefined,
  clusterOptions: isObject,
  adapt: isObject,
  clientOptions: isObject,
  performanceReportPath: (value) => (typeof value === "string" && value !== "" ? undefined : "the path of a file"),
  cancel: (value) => (value === "stop" || value === "drain" ? undefined : '"stop" or "drain"'),
  debug: isFlag,
  watchWorkerStatus: isFlag,
};

/** Options that say how a temporary cluster is made, and so contradict an address. */
const temporaryOnly = ["clusterClass", "clusterOptions", "adapt", "debug"] as const;

/** @throws ConfigurationError `BAD_OPTION` */
export function resolveClusterOptions(options: ClusterExecutorOptions): ResolvedClusterOptions {
  checkOptions("ClusterExecutor", options, checks);
  const { clientOptions = {}, watchWorkerStatus = false, performanceReportPath } = options;
  return { place: placeOf(options), clientOptions, watchWorkerStatus, performanceReportPath };
}

function placeOf(options: ClusterExecutorOptions): ClusterPlace {
  const { address, clusterClass, clusterOptions = {}, adapt, cancel, debug = false } = options;
  if (address !== undefined) {
    const contradicting = temporaryOnly.filter((name) => options[name] !== undefined);
    if (contradicting.length === 0) return { kind: "existing", address, cancel: cancel ?? "stop" };
    throw new ConfigurationError(
      "BAD_OPTION",
      `ClusterExecutor: address names an existing cluster, so ${contradicting.join(", ")} cannot be given with it. Leave out one or the other.`,
    );
  }
  if (cancel === "drain") {
    throw new ConfigurationError(
      "BAD_OPTION",
      'ClusterExecutor: cancel "drain" is for existing clusters (address): a temporary one is closed at once when its run is cancelled.',
    );
  }
  if (adapt !== undefined) resolveAdaptOptions(adapt, "ClusterExecutor: adapt");
  if (clusterClass !== undefined) checkClusterClass(clusterClass);
  return { kind: "temporary", clusterClass: clusterClass ?? defaultClusterClass, clusterOptions, adapt, debug };
}

/** Named by its import path, because the flow layer knows cluster classes by their contract alone. */
const defaultClusterClass = "muster/cluster/local#LocalCluster";
