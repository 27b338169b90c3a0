import type { OptionChecks } from "../../client/task-options.ts";
import type { Logger } from "../../protocol/logger.ts";
import { parseBytes } from "../../protocol/units.ts";
import {
  checkWithToken,
  completeDeployOptions,
  deployChecks,
  isSize,
  type ResolvedDeployOptions,
} from "../deployed/options.ts";
import { shapeFor } from "./shape.ts";

export interface LocalClusterOptions {
  /** Worker processes. Default: from the cores that this process may use, up to 4 cores one each. */
  readonly nWorkers?: number | undefined;
  /** Slots of each worker: how many tasks it runs at once. Default: the cores divided by the workers. */
  readonly threadsPerWorker?: number | undefined;
  /** Whether a slot is a thread or a process of its own. Default "threads". */
  readonly executor?: "threads" | "processes" | undefined;
  /** Of each worker, such as "2GiB", or in bytes; 0: none. Default: its share of the memory that this process may use. */
  readonly memoryLimit?: string | number | undefined;
  /** Address that the scheduler and the workers listen on. Default "127.0.0.1". */
  readonly host?: string | undefined;
  /** Port of the scheduler. Default 0: any free one. */
  readonly port?: number | undefined;
  /** What a client must show. Default: a fresh secret. */
  readonly token?: string | undefined;
  /** The cluster closes once it had no client for this long, in milliseconds. Default: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** Whether the scheduler serves its dashboard, HTTP API and metrics, at its own port or at this one. Default false. */
  readonly dashboard?: boolean | number | undefined;
  /** A task that none of the workers could ever run fails with NO_WORKERS after so many milliseconds. Default: never. */
  readonly noWorkersTimeoutMs?: number | undefined;
  /** How many workers may die under a task before it fails with WORKER_LOST. Default 3. */
  readonly allowedWorkerLosses?: number | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface ResolvedLocalClusterOptions extends ResolvedDeployOptions {
  readonly executor: "threads" | "processes";
  /** Undefined: the worker takes its share by itself. */
  readonly memoryLimitBytes: number | undefined;
}

/** A nanny says by itself when its worker does not come up. */
const { startTimeoutMs: _nannys, ...shared } = deployChecks;

const checks: { readonly [Name in keyof LocalClusterOptions]-?: OptionChecks[string] } = {
  ...shared,
  executor: (value) => (value === "threads" || value === "processes" ? undefined : '"threads" or "processes"'),
  memoryLimit: isSize,
};

/**
 * Completes the options.
 * @throws ConfigurationError BAD_OPTION with every problem in one message.
 */
export function resolveLocalClusterOptions(options: LocalClusterOptions, cores: number): ResolvedLocalClusterOptions {
  checkWithToken("LocalCluster", options, checks);
  const { nWorkers, threadsPerWorker } = options;
  const shape = shapeFor(cores, {
    ...(nWorkers === undefined ? {} : { nWorkers }),
    ...(threadsPerWorker === undefined ? {} : { threadsPerWorker }),
  });
  return Object.freeze({
    ...completeDeployOptions({ ...options, ...shape }),
    executor: options.executor ?? "threads",
    memoryLimitBytes: options.memoryLimit === undefined ? undefined : parseBytes(options.memoryLimit),
  });
}
