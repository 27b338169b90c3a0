import { Client } from "../../client/client.ts";
import type { ContenderKind } from "../contender.ts";
import { onCluster } from "../on-cluster.ts";
import { ZeroCluster } from "./zero-cluster.ts";

/** Muster's scheduler and client alone: two workers that answer at once and run nothing. */
export const zero: ContenderKind = {
  name: "zero",
  runs: ({ on }) => on === "any workers",
  async start() {
    const cluster = await ZeroCluster.start(2);
    const client = await Client.connect(cluster.address, { token: cluster.token });
    return onCluster("zero", client, { computes: false, close: () => cluster[Symbol.asyncDispose]() });
  },
};
