import type Docker from "dockerode";
import { ClusterError, ConfigurationError } from "../../protocol/errors.ts";

/** The library's client of a Docker engine. */
export type Engine = Docker;

/**
 * Connects to a Docker engine.
 * @throws ConfigurationError BAD_OPTION without the package dockerode, or for an address that is none; ClusterError NOT_STARTED
 * when no engine answers
 */
export async function openEngine(dockerHost: string | undefined): Promise<Engine> {
  let kind: typeof Docker;
  try {
    ({ default: kind } = await import("dockerode"));
  } catch (error) {
    const message = "DockerCluster needs the package dockerode, which is not installed here: npm install dockerode";
    throw new ConfigurationError("BAD_OPTION", message, { cause: error });
  }
  const engine = new kind(dockerHost === undefined ? undefined : connectionOf(dockerHost));
  try {
    await engine.ping();
    return engine;
  } catch (error) {
    const where = dockerHost ?? process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
    const message = `no Docker engine answers at ${where} (${reasonOf(error)}): start it, see that this user may use it, or set dockerHost`;
    throw new ClusterError("NOT_STARTED", message, { cause: error, retryable: true });
  }
}

/** `unix:///path`, `/path`, or `tcp://host:port`. */
function connectionOf(dockerHost: string): Docker.DockerOptions {
  const path = /^(?:unix:\/\/)?(\/.*)$/.exec(dockerHost)?.[1];
  if (path !== undefined) return { socketPath: path };
  const { hostname, port, protocol } = new URL(dockerHost);
  return { host: hostname, port: Number(port) || 2375, protocol: protocol === "https:" ? "https" : "http" };
}

/** What is wrong with an option `dockerHost`. */
export function isDockerHost(value: unknown): string | undefined {
  const wanted = 'a socket such as "unix:///var/run/docker.sock", or an address such as "tcp://127.0.0.1:2375"';
  if (typeof value !== "string") return wanted;
  if (/^(?:unix:\/\/)?\/./.test(value)) return undefined;
  return /^(?:tcp|https?):\/\/[^/]+$/.test(value) && URL.canParse(value) ? undefined : wanted;
}

/** The engine's own words. */
export function reasonOf(error: unknown): string {
  const told = (error as { json?: { message?: unknown } } | null)?.json?.message;
  if (typeof told === "string") return told;
  return error instanceof Error ? error.message : String(error);
}

/** Whether the engine does not know what it was asked about. */
export const isUnknown = (error: unknown): boolean => (error as { statusCode?: unknown } | null)?.statusCode === 404;

/** What is to be gone, and may be by now. */
export async function ignoreGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    // 409: somebody else is removing it right now.
    const { statusCode } = error as { readonly statusCode?: number };
    if (statusCode !== 404 && statusCode !== 409 && statusCode !== 304) throw error;
  }
}
