import { normalizeAddress } from "../protocol/address.ts";
import type { TlsOptions } from "../protocol/connection.ts";
import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { importingInSlot } from "../protocol/task-registry.ts";
import { checkScheme, tlsTexts } from "../protocol/tls.ts";
import { findToken } from "../protocol/token.ts";
import type { SessionOptions } from "./session.ts";
import { checkOptions, isAmount, isAnything, isFlag, isText, type OptionChecks } from "./task-options.ts";

export interface ClientOptions {
  /** Default: the cluster object's own; `MUSTER_TOKEN`; else what the scheduler kept for its address on this machine. */
  readonly token?: string | undefined;
  /** Shown in pages, logs and errors. Default `client-<pid>`. */
  readonly name?: string | undefined;
  /** For connecting, all tries together. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Whom to trust and what to show, also at the workers that hold results. Default: the system's authorities. */
  readonly tls?: TlsOptions | undefined;
  /**
   * How long to try to get a lost connection back before everything pending is lost, in ms. Default 30,000, as long as a
   * scheduler keeps its futures; 0: not at all.
   */
  readonly reconnectMs?: number | undefined;
  /** Keeps its futures for an hour after it is closed or lost: who submits the same keys meanwhile finds them. Default false. */
  readonly detach?: boolean | undefined;
}

/** What can be connected to, beside an address: any cluster object. */
export interface ClusterAddress {
  readonly address: string;
  readonly token?: string | undefined;
}

const checks: OptionChecks = {
  token: isText,
  name: isText,
  timeoutMs: isAmount,
  tls: isAnything,
  reconnectMs: isAmount,
  detach: isFlag,
};

/**
 * @throws ConfigurationError BAD_OPTION; ClusterError BAD_FLOW while a module is imported in a slot
 */
export function resolveClientOptions(to: string | ClusterAddress, options: ClientOptions): SessionOptions {
  if (importingInSlot()) {
    throw new ClusterError(
      "BAD_FLOW",
      "this module connects to a cluster while a worker imports it for its tasks: put what is to run on the client alone into `if (import.meta.main) { … }`",
    );
  }
  checkOptions("Client.connect", options, checks);
  const { address, token } = typeof to === "string" ? { address: to } : (to ?? {});
  if (typeof address !== "string" || address === "") {
    throw new ConfigurationError(
      "BAD_OPTION",
      'Client.connect takes an address such as "ws://127.0.0.1:8786", or a cluster object, which has one',
    );
  }
  const tls = options.tls === undefined ? undefined : tlsTexts(options.tls);
  if (tls !== undefined) checkScheme(normalizeAddress(address), tls);
  return {
    address,
    token: options.token ?? token ?? findToken(address) ?? "",
    name: options.name ?? `client-${process.pid}`,
    timeoutMs: options.timeoutMs ?? 10_000,
    tls,
    reconnectMs: options.reconnectMs ?? 30_000,
    detach: options.detach ?? false,
  };
}
