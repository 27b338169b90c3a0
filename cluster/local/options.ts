import { checkOptions, isText, type OptionChecks } from "../../client/task-options.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import { createToken } from "../../protocol/token.ts";
import { parseBytes } from "../../protocol/units.ts";
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
  /** Serves the dashboard at the scheduler's port, or at one of its own (0: any free one). Default false. */
  readonly dashboard?: boolean | number | undefined;
  /** A task that none of the workers could ever run fails with NO_WORKERS after so many milliseconds. Default: never. */
  readonly noWorkersTimeoutMs?: number | undefined;
  /** How many workers may die under a task before it fails with WORKER_LOST. Default 3. */
  readonly allowedWorkerLosses?: number | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface ResolvedLocalClusterOptions {
  readonly nWorkers: number;
  readonly threadsPerWorker: number;
  readonly executor: "threads" | "processes";
  /** Undefined: the worker takes its share by itself. */
  readonly memoryLimitBytes: number | undefined;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly dashboard: boolean | number;
  readonly idleTimeoutMs: number | undefined;
  readonly noWorkersTimeoutMs: number | undefined;
  readonly allowedWorkerLosses: number;
  readonly log: Logger;
}

const wholeNumber =
  (least: number, most: number): OptionChecks[string] =>
  (value) => {
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return undefined;
    return `a whole number from ${least} to ${most}`;
  };

const isPort = wholeNumber(0, 65_535);

const positiveMs: OptionChecks[string] = (value) =>
  typeof value === "number" && value > 0 ? undefined : "a number of milliseconds above 0";

const checks: { readonly [Name in keyof LocalClusterOptions]-?: OptionChecks[string] } = {
  nWorkers: wholeNumber(0, 10_000),
  threadsPerWorker: wholeNumber(1, 10_000),
  executor: (value) => (value === "threads" || value === "processes" ? undefined : '"threads" or "processes"'),
  memoryLimit: (value) => {
    try {
      parseBytes(value as string | number);
      return undefined;
    } catch {
      return 'a size such as "512MiB" or "2GiB", or bytes';
    }
  },
  host: isText,
  port: isPort,
  token: isText,
  dashboard: (value) => {
    if (typeof value === "boolean" || isPort(value) === undefined) return undefined;
    return "true, false, or a port of its own from 0 to 65535";
  },
  idleTimeoutMs: positiveMs,
  noWorkersTimeoutMs: positiveMs,
  allowedWorkerLosses: wholeNumber(0, 10_000),
  logger: (value) =>
    typeof (value as Logger | null)?.info === "function"
      ? undefined
      : "a logger with debug, info, warn, error and child",
};

/**
 * Completes the options.
 * @throws ConfigurationError BAD_OPTION with every problem in one message.
 */
export function resolveLocalClusterOptions(options: LocalClusterOptions, cores: number): ResolvedLocalClusterOptions {
  // A token is a secret even when it is of the wrong type, and the message shows what it complains of.
  const isUnusableToken = options.token !== undefined && typeof options.token !== "string";
  checkOptions("LocalCluster", isUnusableToken ? { ...(options as object), token: "" } : options, checks);
  const { nWorkers, threadsPerWorker } = options;
  const shape = shapeFor(cores, {
    ...(nWorkers === undefined ? {} : { nWorkers }),
    ...(threadsPerWorker === undefined ? {} : { threadsPerWorker }),
  });
  return Object.freeze({
    ...shape,
    executor: options.executor ?? "threads",
    memoryLimitBytes: options.memoryLimit === undefined ? undefined : parseBytes(options.memoryLimit),
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    token: options.token ?? createToken(),
    dashboard: options.dashboard ?? false,
    idleTimeoutMs: options.idleTimeoutMs,
    noWorkersTimeoutMs: options.noWorkersTimeoutMs,
    allowedWorkerLosses: options.allowedWorkerLosses ?? 3,
    log: options.logger ?? silentLogger,
  });
}
