export type { ScalingDecision } from "../protocol/record.ts";
export type { Adapting, AdaptOptions } from "./adapt-options.ts";
export type { Cluster, ClusterWorker } from "./cluster.ts";
export { DeployedCluster } from "./deployed/deployed-cluster.ts";
export type { DeployOptions } from "./deployed/options.ts";
export type { Deployer, Deployment, WorkerEnd, WorkerSpec } from "./deployer.ts";
export { musterCommand } from "./muster-command.ts";
