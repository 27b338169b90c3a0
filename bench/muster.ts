import { Client } from "../client/client.ts";
import { LocalCluster } from "../cluster/local/index.ts";
import type { ContenderKind } from "./contender.ts";
import { onCluster } from "./on-cluster.ts";

/** A LocalCluster of 2 workers × 1 thread, as a user would start it: its scheduler is a thread of this process. */
export const muster: ContenderKind = {
  name: "muster",
  runs: () => true,
  async start() {
    const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
    const client = await Client.connect(cluster);
    return onCluster("muster", client, { computes: true, close: () => cluster.close() });
  },
};
