import { connect } from "node:net";

const timeoutMs = 2_000;

/**
 * Whether anything may listen at a worker's address. False only if its machine answers that nothing does; a machine that
 * does not answer may only be out of reach.
 */
export function isListening(address: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port, protocol } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const options = { host, port: Number(port) || (protocol === "wss:" ? 443 : 80), timeout: timeoutMs, signal };
    const socket = connect(options);
    const answer = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once("connect", () => answer(true));
    socket.once("timeout", () => answer(true));
    socket.once("error", (error: NodeJS.ErrnoException) => answer(error.code !== "ECONNREFUSED"));
  });
}
