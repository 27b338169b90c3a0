import { availableCores } from "../../worker/executor/limits.ts";
import { DeployedCluster } from "../deployed/deployed-cluster.ts";
import { NannyDeployer } from "./nanny-deployer.ts";
import { type LocalClusterOptions, resolveLocalClusterOptions } from "./options.ts";

/**
 * A scheduler and workers on this machine: the scheduler in a thread of this process, each worker in a process of its own.
 * An open cluster keeps the process alive, like a server does; however the process ends, its workers end with it.
 */
export class LocalCluster extends DeployedCluster {
  /**
   * Resolves once every worker is registered. When anything fails, what was started by then is ended.
   * @throws ConfigurationError BAD_OPTION, PORT_IN_USE, BAD_ADDRESS
   */
  static async start(options: LocalClusterOptions = {}): Promise<LocalCluster> {
    const resolved = resolveLocalClusterOptions(options, availableCores());
    return LocalCluster.launch(new NannyDeployer(resolved), resolved, LocalCluster);
  }
}
