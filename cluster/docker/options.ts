import { isText, type OptionChecks, oneOf } from "../../client/task-options.ts";
import { parseBytes } from "../../protocol/units.ts";
import {
  checkWithToken,
  completeDeployOptions,
  type DeployOptions,
  deployChecks,
  isSize,
  type ResolvedDeployOptions,
} from "../deployed/options.ts";
import { isDockerHost } from "./engine.ts";
import type { PullPolicy } from "./image.ts";

export interface DockerClusterOptions extends DeployOptions {
  /** Holds Muster, its command as entry point, as the repository's Dockerfile makes it. Default: a flow run's `context.image`. */
  readonly image?: string | undefined;
  /** Workers, each in a container of its own, to begin with. Default 1. */
  readonly nWorkers?: number | undefined;
  /** Address that the scheduler listens on. Default: this machine's in the containers' network. */
  readonly host?: string | undefined;
  /** Of each container, such as "2GiB", or in bytes; 0: none. Default 0. */
  readonly memoryLimit?: string | number | undefined;
  /** CPU time of each container, in cores; may be a fraction. Default: no limit. */
  readonly cpus?: number | undefined;
  /** A network of the engine for the containers to join. Default: the cluster makes its own. */
  readonly network?: string | undefined;
  /** The engine's socket or address. Default: the variable DOCKER_HOST, or "unix:///var/run/docker.sock". */
  readonly dockerHost?: string | undefined;
  /** Variables of the workers' environment. Default none. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** When the image is pulled: if the engine lacks it, each time, or never. Default "missing". */
  readonly pull?: PullPolicy | undefined;
}

export interface ResolvedDockerClusterOptions extends ResolvedDeployOptions {
  readonly image: string;
  /** 0: none. */
  readonly memoryLimitBytes: number;
  readonly cpus: number | undefined;
  readonly network: string | undefined;
  readonly dockerHost: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly pull: PullPolicy;
  /** The user fixed it; otherwise the network decides. */
  readonly isHostGiven: boolean;
}

const checks: { readonly [Name in keyof DockerClusterOptions]-?: OptionChecks[string] } = {
  ...deployChecks,
  image: (value) =>
    isText(value) === undefined
      ? undefined
      : "the name of an image with Muster in it, here or as the run's context.image",
  memoryLimit: isSize,
  cpus: (value) => (typeof value === "number" && value > 0 && value < 1e4 ? undefined : "a number of cores above 0"),
  network: isText,
  dockerHost: isDockerHost,
  env: (value) =>
    typeof value === "object" && value !== null && Object.values(value).every((each) => typeof each === "string")
      ? undefined
      : "an object of strings",
  pull: oneOf("missing", "always", "never"),
};

/**
 * Completes the options.
 * @throws ConfigurationError BAD_OPTION with every problem in one message.
 */
export function resolveDockerClusterOptions(options: DockerClusterOptions): ResolvedDockerClusterOptions {
  const { context } = options as { readonly context?: { readonly image?: unknown } };
  // An image that is not there at all is a problem like others.
  const image = options.image ?? context?.image ?? null;
  checkWithToken("DockerCluster", { ...options, image } as object, checks);
  return Object.freeze({
    ...completeDeployOptions({ nWorkers: 1, ...options }),
    image: String(image),
    memoryLimitBytes: parseBytes(options.memoryLimit ?? 0),
    cpus: options.cpus,
    network: options.network,
    dockerHost: options.dockerHost,
    env: { ...options.env },
    pull: options.pull ?? "missing",
    isHostGiven: options.host !== undefined,
  });
}
