import { setTimeout as delay } from "node:timers/promises";
import { ClusterError } from "../../protocol/errors.ts";
import { type Engine, isUnknown, reasonOf } from "./engine.ts";
import { labelsOf } from "./ownership.ts";

/** A network that containers are in, and this machine's address in it. */
export interface ClusterNetwork {
  readonly name: string;
  readonly gateway: string;
  /** Removes it, if it was made for the cluster. */
  remove(): Promise<void>;
}

/**
 * Makes a network for one cluster, or finds the one that the user named.
 * @throws ClusterError NOT_STARTED with the engine's reason
 */
export async function openNetwork(engine: Engine, cluster: string, given: string | undefined): Promise<ClusterNetwork> {
  const name = given ?? `muster-${cluster}`;
  if (given === undefined) {
    try {
      await engine.createNetwork({ Name: name, Driver: "bridge", Labels: labelsOf(cluster) });
    } catch (error) {
      const message = `no network could be made on the Docker engine (${reasonOf(error)}): name one that there is by the option network, or remove unused ones (docker network prune)`;
      throw new ClusterError("NOT_STARTED", message, { cause: error });
    }
  }
  const remove = async (): Promise<void> => {
    if (given === undefined) await removeNetwork(engine, name);
  };
  try {
    return { name, gateway: await gatewayOf(engine, name), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function gatewayOf(engine: Engine, name: string): Promise<string> {
  let addresses: readonly { readonly Gateway?: string | undefined }[];
  try {
    addresses = (await engine.getNetwork(name).inspect()).IPAM?.Config ?? [];
  } catch (error) {
    const message = `the network "${name}" cannot be used (${reasonOf(error)}): make it, or correct its name`;
    throw new ClusterError("NOT_STARTED", message, { cause: error });
  }
  const gateway = addresses.map(({ Gateway }) => Gateway).find((address) => address !== undefined && address !== "");
  if (gateway !== undefined) return gateway;
  const message = `the network "${name}" has no gateway, so containers in it cannot reach a scheduler on this machine: use a bridge network`;
  throw new ClusterError("NOT_STARTED", message);
}

/** A container that is just being removed may be in it for a moment longer. */
async function removeNetwork(engine: Engine, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await engine.getNetwork(name).remove();
      return;
    } catch (error) {
      if (isUnknown(error)) return;
      if (tries === 20) throw error;
      await delay(100);
    }
  }
}
