import type { Connection } from "../../protocol/connection.ts";
import { ClusterError } from "../../protocol/errors.ts";
import type { ClientId } from "../../protocol/ids.ts";
import type {
  ClientToScheduler,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerToScheduler,
} from "../../protocol/messages.ts";
import { toWireError } from "../../protocol/wire-error.ts";
import type { BundleStore } from "./bundle-store.ts";

export type BundleRequest = Extract<ClientToScheduler, { op: "has-bundles" | "put-bundle" }>;

/** Small enough that the heartbeats and assignments behind a part do not wait long. */
const partBytesMax = 2 ** 20;

/** The reply to what a client asks or sends about bundles; undefined while an upload is under way. */
export function answerClient(
  store: BundleStore,
  client: ClientId,
  message: BundleRequest,
): SchedulerToClient | undefined {
  if (message.op === "has-bundles") {
    return { op: "reply", request: message.request, value: store.missing(client, message.hashes) };
  }
  try {
    return store.put(client, message) ? { op: "reply", request: message.request, value: null } : undefined;
  } catch (error) {
    return { op: "reply", request: message.request, error: toWireError(error) };
  }
}

/** Sends a worker the bundle that it asks for, part by part, no faster than the worker takes them. */
export async function sendBundle(
  store: BundleStore,
  hash: string,
  connection: Connection<WorkerToScheduler, SchedulerToWorker>,
): Promise<void> {
  const bytes = store.get(hash);
  if (bytes === undefined) {
    const error = new ClusterError(
      "BAD_BUNDLE",
      `the scheduler does not have bundle ${hash}: the client that submitted a task of it is gone, or never uploaded it. Submit again`,
    );
    connection.send({ op: "bundle", hash, part: 0, parts: 1, bytes: new Uint8Array(), error: toWireError(error) });
    return;
  }
  const parts = Math.max(Math.ceil(bytes.length / partBytesMax), 1);
  for (let part = 0; part < parts && !connection.closed; part++) {
    const piece = bytes.subarray(part * partBytesMax, (part + 1) * partBytesMax);
    connection.send({ op: "bundle", hash, part, parts, bytes: piece });
    await connection.writable();
  }
}
