import { ClusterError } from "./errors.ts";
import type { TlsTexts } from "./tls.ts";

// A slot runs tasks and knows nothing of clients, which it must not import. A task that asks its context for a client gets
// it from whoever registered here: Muster's own index does, and that is where user code has taskContext() from.

/** For whom a client is, when a task asks for one. */
export interface NestedClientOptions {
  /** The scheduler's. */
  readonly address: string;
  readonly token: string;
  readonly tls: TlsTexts | undefined;
  /** The key of the task that submits: what it submits takes its place in the order of tasks. */
  readonly parent: string;
  /** The run of what is submitted without one: the parent's. */
  readonly run: string | undefined;
  /** Told when the task begins to wait for futures of this client, and when it waits for none of them any more. */
  readonly onWaiting: (waiting: boolean) => void;
}

export interface NestedClient {
  close(): Promise<void>;
}

type Connect = (options: NestedClientOptions) => Promise<NestedClient>;

let connect: Connect | undefined;

/** Makes `connect` the way to connect a client for a task. */
export function registerNestedClient(way: Connect): void {
  connect = way;
}

/** @throws ClusterError SCHEDULER_UNREACHABLE and its kin; NOT_STARTED when nobody registered a way. */
export async function connectNestedClient(options: NestedClientOptions): Promise<NestedClient> {
  if (connect !== undefined) return connect(options);
  throw new ClusterError(
    "NOT_STARTED",
    `there is no client for task "${options.parent}": use taskContext() of the module "muster"`,
  );
}

/** The error for a task that asks for a client where there is no cluster. */
export function noCluster(key: string): ClusterError {
  return new ClusterError(
    "NOT_STARTED",
    `Task "${key}" asked its context for a client, and it does not run on a cluster: a LocalExecutor and a PoolExecutor ` +
      "have none. Run the flow with a ClusterExecutor, or submit the task with a client of a cluster",
    { details: { key } },
  );
}
