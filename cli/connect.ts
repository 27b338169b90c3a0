import type { Client } from "../client/client.ts";
import type { Origin } from "./configuration.ts";
import { findAddress, requireToken } from "./connection-settings.ts";
import { unlessInterrupted } from "./interruption.ts";
import { optional, type Setting, text } from "./setting.ts";
import { clientTlsSettings, readTls } from "./tls-settings.ts";

type ClusterSetting = "address" | "schedulerFile" | "tokenFile" | keyof typeof clientTlsSettings;

/** How a command that looks at a cluster is told which. */
export const clusterSettings: Readonly<Record<ClusterSetting, Setting<string | undefined>>> = {
  address: optional("[address]", "of the scheduler, such as ws://127.0.0.1:8786", text),
  schedulerFile: optional("--scheduler-file <file>", "read the address from this file", text),
  tokenFile: optional("--token-file <file>", "file that holds the scheduler's token", text),
  ...clientTlsSettings,
};

interface ClusterContext {
  readonly values: Readonly<Record<ClusterSetting, string | undefined>>;
  readonly origins: { readonly address: Origin };
  readonly signal: AbortSignal;
}

/** Does something with a client of the cluster that the command was told of, as the command of this name. */
export async function withClient<T>(
  name: string,
  { values, origins, signal }: ClusterContext,
  work: (client: Client, address: string) => Promise<T>,
): Promise<T> {
  const tls = readTls(values);
  const patience = { timeoutMs: 0, signal };
  const address = await findAddress(values, origins, patience);
  const token = await requireToken(address, values.tokenFile, patience);
  const { Client } = await import("../client/client.ts");
  const client = await unlessInterrupted(Client.connect(address, { token, tls, name }), signal);
  try {
    return await unlessInterrupted(work(client, address), signal);
  } finally {
    await client.close();
  }
}
