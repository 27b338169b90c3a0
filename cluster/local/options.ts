import { ConfigurationError } from "../../protocol/errors.ts";
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
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface ResolvedLocalClusterOptions {
  readonly nWorkers: number;
  readonly threadsPerWorker: number;
  readonly executor: "threads" | "processes";
  readonly memoryLimitBytes: number;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly idleTimeoutMs: number | undefined;
  readonly log: Logger;
}

/** What the machine offers this process. */
export interface Machine {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** One check of an option that was given: what it must be, when it is not. */
type Check = (value: unknown) => string | undefined;

const wholeNumber =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Check =>
  (value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return undefined;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    return `must be a whole number ${range}`;
  };

const text: Check = (value) => (typeof value === "string" && value !== "" ? undefined : "must be a text, not empty");

const checks: { readonly [Name in keyof LocalClusterOptions]-?: Check } = {
  nWorkers: wholeNumber(0),
  threadsPerWorker: wholeNumber(1),
  executor: (value) => (value === "threads" || value === "processes" ? undefined : 'must be "threads" or "processes"'),
  memoryLimit: (value) => {
    try {
      parseBytes(value as string | number);
      return undefined;
    } catch {
      return 'must be a size such as "512MiB" or "2GiB", or bytes';
    }
  },
  host: text,
  port: wholeNumber(0, 65_535),
  token: text,
  idleTimeoutMs: (value) => (typeof value === "number" && value > 0 ? undefined : "must be a number above 0"),
  logger: (value) =>
    typeof (value as Logger | null)?.info === "function" ? undefined : "must have debug, info, warn, error and child",
};

/**
 * Completes the options.
 * @throws ConfigurationError BAD_OPTION with every problem in one message.
 */
export function resolveLocalClusterOptions(
  options: LocalClusterOptions,
  machine: Machine,
): ResolvedLocalClusterOptions {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      problems.push(`${name} is not an option (there are ${Object.keys(checks).join(", ")})`);
      continue;
    }
    const problem = value === undefined ? undefined : checks[name as keyof LocalClusterOptions](value);
    // A token is a secret even when it is wrong.
    const shown = name === "token" ? "" : `, not ${JSON.stringify(value) ?? String(value)}`;
    if (problem !== undefined) problems.push(`${name} ${problem}${shown}`);
  }
  if (problems.length > 0) {
    throw new ConfigurationError("BAD_OPTION", `options of LocalCluster: ${problems.join("; ")}`, {
      details: { problems },
    });
  }
  const { nWorkers, threadsPerWorker } = options;
  const shape = shapeFor(machine.cores, {
    ...(nWorkers === undefined ? {} : { nWorkers }),
    ...(threadsPerWorker === undefined ? {} : { threadsPerWorker }),
  });
  const shareBytes = Math.floor(
    (machine.memoryBytes * Math.min(shape.threadsPerWorker, machine.cores)) / machine.cores,
  );
  return Object.freeze({
    ...shape,
    executor: options.executor ?? "threads",
    memoryLimitBytes: options.memoryLimit === undefined ? shareBytes : parseBytes(options.memoryLimit),
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    token: options.token ?? createToken(),
    idleTimeoutMs: options.idleTimeoutMs,
    log: options.logger ?? silentLogger,
  });
}
