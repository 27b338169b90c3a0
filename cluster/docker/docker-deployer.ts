import type Docker from "dockerode";
import { ClusterError } from "../../protocol/errors.ts";
import type { Deployer, Deployment, WorkerSpec } from "../deployer.ts";
import { ContainerDeployment } from "./container-deployment.ts";
import { type Engine, ignoreGone, reasonOf } from "./engine.ts";
import type { ClusterNetwork } from "./network.ts";
import type { ResolvedDockerClusterOptions } from "./options.ts";
import { labelsOf } from "./ownership.ts";

export interface DockerParts {
  readonly engine: Engine;
  readonly network: ClusterNetwork;
  /** Of the cluster; no other on the engine has it. */
  readonly id: string;
  readonly options: ResolvedDockerClusterOptions;
}

/** Starts each worker in a container of its own. */
export class DockerDeployer implements Deployer {
  readonly #parts: DockerParts;

  constructor(parts: DockerParts) {
    this.#parts = parts;
  }

  /** @throws ClusterError NOT_STARTED with the engine's reason */
  async start(worker: WorkerSpec, signal: AbortSignal): Promise<Deployment> {
    let container: Docker.Container | undefined;
    try {
      container = await this.#parts.engine.createContainer(this.#plan(worker));
      signal.throwIfAborted();
      await container.start();
      return new ContainerDeployment(container);
    } catch (error) {
      if (container !== undefined) await ignoreGone(container.remove({ force: true, v: true })).catch(() => undefined);
      signal.throwIfAborted();
      const { image } = this.#parts.options;
      const message = `${worker.name} cannot be started in a container of "${image}": ${reasonOf(error)}`;
      throw new ClusterError("NOT_STARTED", message, { cause: error, details: { image, worker: worker.name } });
    }
  }

  close(): Promise<void> {
    return this.#parts.network.remove();
  }

  #plan({ name, address, token, slots }: WorkerSpec): Docker.ContainerCreateOptions {
    const { network, id, options } = this.#parts;
    const { image, env, memoryLimitBytes, cpus } = options;
    return {
      name: `muster-${id}-${name}`,
      Image: image,
      Cmd: ["worker", address, "--name", name, "--nthreads", String(slots), "--death-timeout", "30s"],
      Env: Object.entries({ ...env, MUSTER_TOKEN: token }).map(([key, value]) => `${key}=${value}`),
      Labels: labelsOf(id, name),
      HostConfig: {
        NetworkMode: network.name,
        SecurityOpt: ["no-new-privileges"],
        ...(memoryLimitBytes === 0 ? {} : { Memory: memoryLimitBytes, MemorySwap: memoryLimitBytes }),
        ...(cpus === undefined ? {} : { NanoCpus: Math.round(cpus * 1e9) }),
      },
    };
  }
}
