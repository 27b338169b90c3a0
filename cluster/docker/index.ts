export type { Cluster, ClusterWorker } from "../cluster.ts";
export { DockerCluster } from "./docker-cluster.ts";
export type { DockerClusterOptions } from "./options.ts";
