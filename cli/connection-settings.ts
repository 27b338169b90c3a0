import { normalizeAddress } from "../protocol/address.ts";
import { ConfigurationError } from "../protocol/errors.ts";
import { findToken, readTokenFile } from "../protocol/token.ts";
import { whenThere } from "./patience.ts";

/** The address in its one form, or an error that says how to give one. */
export function requireAddress(address: string | undefined): string {
  if (address !== undefined) return normalizeAddress(address);
  const message = "no scheduler is named: give its address, such as ws://127.0.0.1:8786, or set MUSTER_ADDRESS";
  throw new ConfigurationError("BAD_ADDRESS", message);
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
