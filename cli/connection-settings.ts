import { normalizeAddress } from "../protocol/address.ts";
import { ConfigurationError } from "../protocol/errors.ts";
import { findToken, readTokenFile } from "../protocol/token.ts";
import type { Origin } from "./configuration.ts";
import { whenThere } from "./patience.ts";
import { readSchedulerFile } from "./scheduler-file.ts";

/** The address in its one form, or an error that says how to give one. */
export function requireAddress(address: string | undefined): string {
  if (address !== undefined) return normalizeAddress(address);
  const message = "no scheduler is named: give its address, such as ws://127.0.0.1:8786, or set MUSTER_ADDRESS";
  throw new ConfigurationError("BAD_ADDRESS", message);
}

/**
 * The address that was given, or the one in the scheduler file that was named, once that is there.
 * @throws ConfigurationError BAD_ADDRESS when neither is given, BAD_OPTION when the command line gives both.
 */
export async function findAddress(
  values: { readonly address: string | undefined; readonly schedulerFile: string | undefined },
  origins: { readonly address: Origin },
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string> {
  if (values.schedulerFile === undefined) return requireAddress(values.address);
  if (origins.address === "command line") {
    throw new ConfigurationError("BAD_OPTION", "both an address and --scheduler-file are given: give one of them");
  }
  return readSchedulerFile(values.schedulerFile, timeoutMs, signal);
}

/**
 * The token to show at this address: from the file that was named, else from where the environment or a scheduler of
 * this user left it. A scheduler of this machine that is still starting is waited for.
 * @throws ConfigurationError BAD_TOKEN when there is none.
 */
export async function requireToken(
  address: string,
  tokenFile: string | undefined,
  patience: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<string> {
  if (tokenFile !== undefined) return readTokenFile(tokenFile);
  const timeoutMs = isThisMachine(address) ? patience.timeoutMs : 0;
  const token = await whenThere(() => findToken(address), timeoutMs, patience.signal);
  if (token !== undefined) return token;
  const message = `no token for ${address}: start that scheduler on this machine, set MUSTER_TOKEN, or give --token-file`;
  throw new ConfigurationError("BAD_TOKEN", message, { details: { address } });
}

function isThisMachine(address: string): boolean {
  return /^(?:localhost|127\..*|\[::1\])$/.test(new URL(address).hostname);
}
