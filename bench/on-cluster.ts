import type { Client } from "../client/client.ts";
import { version } from "../protocol/version.ts";
import type { Contender } from "./contender.ts";

/** Runs shapes on a cluster of Muster's through this client, which it closes before it calls `close`. */
export function onCluster(
  name: string,
  client: Client,
  { computes, close }: { readonly computes: boolean; readonly close: () => Promise<void> },
): Contender {
  return {
    name,
    versions: { muster: version },
    repetitions: ({ on, repetitions }) => (computes || on === "any workers" ? repetitions : 0),
    measure: (shape, size) => shape.measure({ client, computes }, size),
    async [Symbol.asyncDispose]() {
      await client.close();
      await close();
    },
  };
}
