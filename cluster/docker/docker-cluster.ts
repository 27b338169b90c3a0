import { randomBytes } from "node:crypto";
import { DeployedCluster } from "../deployed/deployed-cluster.ts";
import { DockerDeployer } from "./docker-deployer.ts";
import { openEngine } from "./engine.ts";
import { ensureImage } from "./image.ts";
import { openNetwork } from "./network.ts";
import { type DockerClusterOptions, resolveDockerClusterOptions } from "./options.ts";
import { reapOrphans } from "./ownership.ts";

/**
 * A scheduler in a thread of this process, and workers in containers of a Docker engine on the same machine, in a network of
 * their own. What a process left on the engine that was killed, the next cluster removes.
 */
export class DockerCluster extends DeployedCluster {
  /**
   * Resolves once every worker is registered. When anything fails, what was started by then is removed.
   * @throws ConfigurationError BAD_OPTION, PORT_IN_USE, BAD_ADDRESS; ClusterError NOT_STARTED with the engine's reason;
   * WORKER_LOST with the exit code and the last lines of a container that ended at once
   */
  static async start(options: DockerClusterOptions = {}): Promise<DockerCluster> {
    const resolved = resolveDockerClusterOptions(options);
    const engine = await openEngine(resolved.dockerHost);
    await reapOrphans(engine, resolved.log);
    await ensureImage(engine, resolved.image, resolved.pull, resolved.log);
    const id = randomBytes(5).toString("hex");
    const network = await openNetwork(engine, id, resolved.network);
    const host = resolved.isHostGiven ? resolved.host : network.gateway;
    try {
      const deployer = new DockerDeployer({ engine, network, id, options: resolved });
      return await DockerCluster.launch(deployer, { ...resolved, host }, DockerCluster);
    } catch (error) {
      await network.remove();
      throw error;
    }
  }
}
