import { Client, type ClientOptions } from "../../client/client.ts";
import type { AdaptOptions } from "../../cluster/adapt-options.ts";
import { type Cluster, resolveClusterClass } from "../../cluster/cluster.ts";
import { ConfigurationError } from "../../protocol/errors.ts";
import type { ClusterPlace } from "./cluster-options.ts";
import type { SessionOptions } from "./session-executor.ts";

/** A cluster as far as one run is concerned: temporary or shared, and the connection to it. */
export interface RunCluster {
  connect(options: ClientOptions): Promise<Client>;
  /** Takes down what was started for the run; nothing of an existing cluster. */
  close(): Promise<void>;
}

/** Starts what the run needs. What was started before a failure is closed again. */
export async function openRunCluster(place: ClusterPlace, session: SessionOptions): Promise<RunCluster> {
  if (place.kind === "existing") {
    return { connect: (options) => Client.connect(place.address, options), close: async () => {} };
  }
  const start = await resolveClusterClass(place.clusterClass);
  const cluster = await start(withContext(place.clusterOptions, session));
  const close = async (): Promise<void> => {
    try {
      if (place.debug) await logLines(cluster, session);
    } finally {
      await cluster.close();
    }
  };
  try {
    if (place.adapt !== undefined) adapt(cluster, place.adapt);
  } catch (error) {
    await close().catch((closeError: unknown) => {
      session.log.error({ err: closeError }, "The temporary cluster could not be closed cleanly.");
    });
    throw error;
  }
  return { connect: (options) => Client.connect(cluster, options), close };
}

/**
 * A factory may choose by the run's context, but cluster classes refuse options they do not know: so the context can be read,
 * and stays behind when the options are copied or checked.
 */
function withContext(clusterOptions: object, session: SessionOptions): object {
  return Object.defineProperty({ ...clusterOptions }, "context", { value: session.context, enumerable: false });
}

/** Not every cluster class can scale by itself. */
function adapt(cluster: Cluster, options: AdaptOptions): void {
  if (typeof cluster.adapt !== "function") {
    throw new ConfigurationError(
      "BAD_OPTION",
      "ClusterExecutor: adapt was given, but clusters of this class cannot scale by themselves (they have no adapt()). Leave adapt out, or use another clusterClass.",
    );
  }
  cluster.adapt(options);
}

async function logLines(cluster: Cluster, session: SessionOptions): Promise<void> {
  for (const [name, lines] of Object.entries(await cluster.logs())) {
    for (const line of lines) session.log.debug({ process: name }, line);
  }
}
