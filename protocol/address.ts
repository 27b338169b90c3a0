import { ConfigurationError } from "./errors.ts";

/**
 * The one form of an address, `ws://host:port` or `wss://host:port`; `host:port` is taken as the former.
 * @throws ConfigurationError BAD_ADDRESS
 */
export function normalizeAddress(address: string): string {
  const trimmed = address.trim();
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `ws://${trimmed}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || trimmed === "") throw bad(address, "is not of the form ws://host:port");
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw bad(address, `begins with ${url.protocol}//: use ws://, or wss:// for TLS`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw bad(address, "holds more than a host and a port: a token belongs into the option `token`");
  }
  // A URL forgets a port that is its scheme's default, so it is looked for in what was written.
  if (!/:\d+\/?$/.test(full) && url.pathname === "/") throw bad(address, "has no port: write ws://host:8786");
  const port = url.port === "" ? (url.protocol === "ws:" ? "80" : "443") : url.port;
  return `${url.protocol}//${url.hostname}:${port}${url.pathname === "/" ? "" : url.pathname}`;
}

function bad(address: string, why: string): ConfigurationError {
  return new ConfigurationError("BAD_ADDRESS", `the address ${JSON.stringify(address)} ${why}`);
}
