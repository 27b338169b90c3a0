import type { Connection } from "./connection.ts";
import { assertNever, ClusterError, ProtocolError } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import type { EncodedValue, PeerAnswer, PeerRequest } from "./messages.ts";
import { ShardAssembler, shardsOf, shardsOfStream, smallShardOf, type ValueStream } from "./shards.ts";
import { TransferLimit } from "./transfer-limit.ts";

/** Long enough for a transfer of some megabytes to end. */
const retryMs = 20;

/** So many small values are sent before it is asked whether the peer takes them as fast. */
const smallPerTurn = 256;

/** Undefined: it is not there. */
type Servable = EncodedValue | ValueStream | undefined;

export interface PeerStore {
  get(task: TaskId): Servable | Promise<Servable>;
  put(task: TaskId, value: EncodedValue): void;
}

export interface ServePeerOptions {
  /** Shared by the connections of one worker. Default: 8 transfers for this connection alone. */
  readonly limit?: TransferLimit | undefined;
  /** What is put here out of shared memory shall lie in shared memory, too. Default false. */
  readonly sharesMemory?: boolean | undefined;
}

/**
 * The answering side of a peer connection: sends values from `store` in shards, no faster than the peer takes them, and takes
 * values that a client puts. A peer that sends nonsense loses its connection and disturbs nobody else.
 */
export function servePeer(
  connection: Connection<PeerRequest, PeerAnswer>,
  store: PeerStore,
  options: ServePeerOptions = {},
): void {
  const limit = options.limit ?? new TransferLimit();
  const puts = new Map<number, ShardAssembler>();

  const sendValue = async (request: number, task: TaskId, found: Servable | Promise<Servable>): Promise<void> => {
    const value = await found;
    if (value === undefined) {
      connection.send({ op: "absent", request, task });
      return;
    }
    try {
      for await (const shard of "pieces" in value ? shardsOfStream(task, value) : shardsOf(task, value)) {
        connection.send({ op: "shard", request, ...shard });
        await connection.writable();
        if (connection.closed) return;
      }
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      // Whoever asked throws away what it has of it.
      connection.send({ op: "absent", request, task });
    }
  };

  const answer = async ({ request, tasks }: PeerRequest & { op: "get" }): Promise<void> => {
    if (!limit.enter()) {
      connection.send({ op: "busy", request, retryMs });
      return;
    }
    try {
      for (const [index, task] of tasks.entries()) {
        if (connection.closed) return;
        const found = store.get(task);
        const small = smallShardOf(task, found);
        if (small === undefined) await sendValue(request, task, found);
        else {
          connection.send({ op: "shard", request, ...small });
          if (index % smallPerTurn === smallPerTurn - 1) await connection.writable();
        }
      }
    } catch {
      // The store could not read a value: the peer must not wait for the rest of an answer that will not come.
      await connection.close("a value could not be read");
    } finally {
      limit.leave();
    }
  };

  const take = (put: PeerRequest & { op: "put" }): void => {
    let assembler = puts.get(put.request);
    if (assembler === undefined) {
      assembler = new ShardAssembler(put.task, options.sharesMemory ?? false);
      puts.set(put.request, assembler);
    }
    if (assembler.task !== put.task) throw new ProtocolError("BAD_FRAME", `Request ${put.request} puts two values.`);
    const value = assembler.add(put);
    if (value === undefined) return;
    puts.delete(put.request);
    store.put(put.task, value);
    connection.send({ op: "put-done", request: put.request, task: put.task });
  };

  connection.onMessages((requests) => {
    for (const request of requests) {
      if (connection.closed) return;
      switch (request.op) {
        case "get":
          void answer(request);
          break;
        case "put":
          try {
            take(request);
          } catch (error) {
            void connection.close(
              error instanceof ProtocolError ? `${error.code}: ${error.message}` : "the value could not be taken",
            );
            return;
          }
          break;
        default:
          assertNever(request);
      }
    }
  });
  connection.onClose(() => puts.clear());
}

const isUnreadable = (error: unknown): boolean => error instanceof ClusterError && error.code === "UNREADABLE_VALUE";
