export type { Cluster, ClusterWorker } from "../cluster.ts";
export { LocalCluster } from "./local-cluster.ts";
export type { LocalClusterOptions } from "./options.ts";
