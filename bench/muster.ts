import { Client } from "../client/client.ts";
import { LocalCluster } from "../cluster/local/index.ts";
import { version } from "../protocol/version.ts";
import type { Contender, ContenderKind } from "./contender.ts";
import type { Shape } from "./shapes/shape.ts";

/** A LocalCluster of 2 workers × 1 thread, as a user would start it: its scheduler is a thread of this process. */
export const muster: ContenderKind = {
  name: "muster",
  runs: () => true,
  async start() {
    const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
    const client = await Client.connect(cluster);
    return onCluster("muster", client, () => cluster.close());
  },
};

/** Runs shapes on a cluster of Muster's through this client, which it owns from now on. */
export function onCluster(name: string, client: Client, close: () => Promise<void>, computes = true): Contender {
  return {
    name,
    versions: { muster: version },
    repetitions: (shape: Shape) => (computes || shape.runsCode === undefined ? shape.repetitions : 0),
    measure: (shape, size) => shape.measure({ client, computes }, size),
    async [Symbol.asyncDispose]() {
      await client.close();
      await close();
    },
  };
}
