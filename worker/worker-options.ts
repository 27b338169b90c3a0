import { randomBytes } from "node:crypto";
import os from "node:os";
import { normalizeAddress } from "../protocol/address.ts";
import type { TlsOptions } from "../protocol/connection.ts";
import { ConfigurationError } from "../protocol/errors.ts";
import { externalAddress } from "../protocol/external-address.ts";
import { type Logger, silentLogger } from "../protocol/logger.ts";
import type { ProcessEnd } from "../protocol/messages.ts";
import { checkScheme, type TlsTexts, tlsTexts } from "../protocol/tls.ts";
import { availableCores, availableMemoryBytes } from "./executor/limits.ts";

export interface WorkerOptions {
  /** The scheduler's, `ws://host:port`. */
  readonly address: string;
  /** What the scheduler, and whoever connects to this worker, must show. */
  readonly token: string;
  /** Unique among live workers: a newcomer of the same name takes an older one's place. Default: made from the host's name. */
  readonly name?: string | undefined;
  /** How many tasks run at a time. Default: the cores available to this process. */
  readonly slots?: number | undefined;
  /** What a slot is: a thread (default), or a process of its own. */
  readonly executor?: "threads" | "processes" | undefined;
  /** 0: no limit. Default: the share of the available memory that the slots have of the available cores. */
  readonly memoryLimitBytes?: number | undefined;
  /** Abstract quantities that tasks may ask for, such as `{ GPU: 2 }`. Default: none. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /**
   * The host name or IP address to listen on, and under which others reach this worker. Default: 127.0.0.1 if the scheduler
   * is on this machine, else the first IP address that is not internal.
   */
  readonly host?: string | undefined;
  /** Where code is cached. Default: a directory for temporary files, removed in the end. */
  readonly localDirectory?: string | undefined;
  /** How long to look for a scheduler, at first and after it was lost. Default 60,000. */
  readonly deathTimeoutMs?: number | undefined;
  /**
   * How long to keep results and go on with tasks for a scheduler that was lost, in case it takes this worker back. Default
   * 30,000, as long as a scheduler waits; 0: not at all.
   */
  readonly reconnectMs?: number | undefined;
  /**
   * Whom to trust, and what to show to the scheduler and to other workers. With a certificate and its key, others reach this
   * worker by wss; with an authority too, only those who show one of its certificates. Default: the system's authorities.
   */
  readonly tls?: TlsOptions | undefined;
  readonly log?: Logger | undefined;
  /** How the process that had this name before ended. */
  readonly predecessor?: ProcessEnd | undefined;
}

export interface ResolvedWorkerOptions {
  readonly address: string;
  readonly token: string;
  readonly name: string;
  readonly slots: number;
  readonly executor: "threads" | "processes";
  readonly memoryLimitBytes: number;
  readonly resources: Readonly<Record<string, number>>;
  readonly host: string;
  readonly localDirectory: string | undefined;
  readonly deathTimeoutMs: number;
  readonly reconnectMs: number;
  readonly tls: TlsTexts | undefined;
  readonly log: Logger;
  readonly predecessor: ProcessEnd | undefined;
}

/** @throws {ConfigurationError} BAD_OPTION naming every option that cannot be used; BAD_ADDRESS. */
export function resolveWorkerOptions(options: WorkerOptions): ResolvedWorkerOptions {
  const address = normalizeAddress(options.address);
  const tls = options.tls === undefined ? undefined : tlsTexts(options.tls);
  checkScheme(address, tls);
  const slots = options.slots ?? availableCores();
  const resolved: ResolvedWorkerOptions = Object.freeze({
    address,
    token: options.token,
    name: options.name ?? `${os.hostname()}-${randomBytes(4).toString("hex")}`,
    slots,
    executor: options.executor ?? "threads",
    memoryLimitBytes:
      options.memoryLimitBytes ?? Math.floor(availableMemoryBytes() * Math.min(1, slots / availableCores())),
    resources: options.resources ?? {},
    host: options.host ?? hostFor(new URL(address).hostname),
    localDirectory: options.localDirectory,
    deathTimeoutMs: options.deathTimeoutMs ?? 60_000,
    reconnectMs: options.reconnectMs ?? 30_000,
    tls,
    log: options.log ?? silentLogger,
    predecessor: options.predecessor,
  });
  const problems = [...problemsOf(resolved)];
  if (problems.length > 0)
    throw new ConfigurationError("BAD_OPTION", `A worker cannot be started: ${problems.join("; ")}.`);
  return resolved;
}

function* problemsOf(options: ResolvedWorkerOptions): Generator<string> {
  const { slots, executor, memoryLimitBytes, resources, deathTimeoutMs, reconnectMs } = options;
  if (!Number.isInteger(slots) || slots < 1) yield `slots is ${slots}, but must be a whole number of at least 1`;
  if (executor !== "threads" && executor !== "processes")
    yield `executor is ${JSON.stringify(executor)}, but must be "threads" or "processes"`;
  if (!(memoryLimitBytes >= 0)) yield `memoryLimitBytes is ${memoryLimitBytes}, but must be 0 (no limit) or more`;
  if (!(deathTimeoutMs >= 0)) yield `deathTimeoutMs is ${deathTimeoutMs}, but must be 0 or more`;
  if (!(reconnectMs >= 0)) yield `reconnectMs is ${reconnectMs}, but must be 0 or more`;
  for (const [name, amount] of Object.entries(resources)) {
    if (!(amount >= 0)) yield `resources.${name} is ${amount}, but must be 0 or more`;
  }
}

/** Where peers can reach us, if nobody says so: on the machine that the scheduler is on, or from another. */
function hostFor(schedulerHost: string): string {
  if (schedulerHost === "localhost" || schedulerHost === "[::1]" || schedulerHost.startsWith("127."))
    return "127.0.0.1";
  return externalAddress() ?? "127.0.0.1";
}
