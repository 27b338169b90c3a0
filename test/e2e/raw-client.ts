import { dial } from "../../protocol/connection.ts";
import type { ClientToScheduler, SchedulerToClient } from "../../protocol/messages.ts";
import { parseSchedulerToClient } from "../../protocol/parse.ts";

/** A client that sends what it is told to, right or wrong, and keeps what it hears. */
export interface RawClient {
  send(message: ClientToScheduler): void;
  /** The first message heard, or yet to come, that fits. */
  hear(fits: (message: SchedulerToClient) => boolean): Promise<SchedulerToClient>;
  /** Resolves when the scheduler hung up, with the reason. */
  readonly hungUp: Promise<Error>;
  close(): Promise<void>;
}

export async function connectRaw(
  cluster: { address: string; token: string },
  options: { protocol?: number } = {},
): Promise<RawClient> {
  const { connection } = await dial<SchedulerToClient, ClientToScheduler>({
    address: cluster.address,
    hello: { role: "client", token: cluster.token, name: "raw" },
    parse: parseSchedulerToClient,
    timeoutMs: 5_000,
    ...options,
  });
  const heard: SchedulerToClient[] = [];
  const waiting = new Set<() => void>();
  connection.onMessages((messages) => {
    heard.push(...messages);
    for (const look of waiting) look();
  });
  const hungUp = new Promise<Error>((resolve) => connection.onClose(resolve));
  return {
    send: (message) => connection.send(message),
    hear: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const message = heard.find(fits);
          if (message === undefined) return;
          waiting.delete(look);
          resolve(message);
        };
        waiting.add(look);
        look();
      }),
    hungUp,
    close: () => connection.close(),
  };
}
