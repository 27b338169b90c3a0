import { type Check, checkOptions, isText, type OptionChecks } from "../../client/task-options.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import { createToken } from "../../protocol/token.ts";
import { parseBytes } from "../../protocol/units.ts";

/** What every cluster has that starts its own scheduler and has its workers deployed. */
export interface DeployOptions {
  /** Workers to begin with. Default 0. */
  readonly nWorkers?: number | undefined;
  /** Slots of each worker: how many tasks it runs at once. Default 1. */
  readonly threadsPerWorker?: number | undefined;
  /** Address that the scheduler listens on; workers must be able to reach it. Default "127.0.0.1". */
  readonly host?: string | undefined;
  /** Port of the scheduler. Default 0: any free one. */
  readonly port?: number | undefined;
  /** What clients and workers must show. Default: a fresh secret. */
  readonly token?: string | undefined;
  /** The cluster closes once it had no client for this long, in milliseconds. Default: never. */
  readonly idleTimeoutMs?: number | undefined;
  /** A task that none of the workers could ever run fails with NO_WORKERS after so many milliseconds. Default: never. */
  readonly noWorkersTimeoutMs?: number | undefined;
  /** How many workers may die under a task before it fails with WORKER_LOST. Default 3. */
  readonly allowedWorkerLosses?: number | undefined;
  /** Whether the scheduler serves its dashboard, HTTP API and metrics, at its own port or at this one. Default false. */
  readonly dashboard?: boolean | number | undefined;
  /** How long a worker may take from being started to joining, in milliseconds. Default 60,000. */
  readonly startTimeoutMs?: number | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
}

export interface ResolvedDeployOptions {
  readonly nWorkers: number;
  readonly threadsPerWorker: number;
  readonly host: string;
  readonly port: number;
  readonly token: string;
  readonly idleTimeoutMs: number | undefined;
  readonly noWorkersTimeoutMs: number | undefined;
  readonly allowedWorkerLosses: number;
  readonly dashboard: boolean | number;
  readonly startTimeoutMs: number;
  readonly log: Logger;
}

export const wholeNumber =
  (least: number, most: number): Check =>
  (value) => {
    if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return undefined;
    return `a whole number from ${least} to ${most}`;
  };

export const positiveMs: Check = (value) =>
  typeof value === "number" && value > 0 ? undefined : "a number of milliseconds above 0";

export const isLogger: Check = (value) =>
  typeof (value as Logger | null)?.info === "function" ? undefined : "a logger with debug, info, warn, error and child";

export const isSize: Check = (value) => {
  try {
    parseBytes(value as string | number);
    return undefined;
  } catch {
    return 'a size such as "512MiB" or "2GiB", or bytes';
  }
};

const isPort = wholeNumber(0, 65_535);

export const deployChecks: { readonly [Name in keyof DeployOptions]-?: OptionChecks[string] } = {
  nWorkers: wholeNumber(0, 10_000),
  threadsPerWorker: wholeNumber(1, 10_000),
  host: isText,
  port: isPort,
  token: isText,
  idleTimeoutMs: positiveMs,
  noWorkersTimeoutMs: positiveMs,
  allowedWorkerLosses: wholeNumber(0, 10_000),
  dashboard: (value) => {
    if (typeof value === "boolean" || isPort(value) === undefined) return undefined;
    return "true, false, or a port of its own from 0 to 65535";
  },
  startTimeoutMs: positiveMs,
  logger: isLogger,
};

/** Checks options among which there may be a token: a secret even when it is of the wrong type, and an error shows what it complains of. */
export function checkWithToken(where: string, options: { readonly token?: unknown }, checks: OptionChecks): void {
  const isUnusable = options?.token !== undefined && typeof options.token !== "string";
  checkOptions(where, isUnusable ? { ...options, token: "" } : options, checks);
}

/** Completes options that were checked. */
export function completeDeployOptions(options: DeployOptions): ResolvedDeployOptions {
  return Object.freeze({
    nWorkers: options.nWorkers ?? 0,
    threadsPerWorker: options.threadsPerWorker ?? 1,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
    token: options.token ?? createToken(),
    idleTimeoutMs: options.idleTimeoutMs,
    noWorkersTimeoutMs: options.noWorkersTimeoutMs,
    allowedWorkerLosses: options.allowedWorkerLosses ?? 3,
    dashboard: options.dashboard ?? false,
    startTimeoutMs: options.startTimeoutMs ?? 60_000,
    log: options.logger ?? silentLogger,
  });
}
