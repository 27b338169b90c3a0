import type { Connection } from "./connection.ts";
import { assertNever, ClusterError, ProtocolError } from "./errors.ts";
import type { TaskId } from "./ids.ts";
import type { EncodedValue, PeerAnswer, PeerRequest } from "./messages.ts";
import { ShardAssembler, shardsOf, smallValueOf } from "./shards.ts";

/** What a peer answered to one "get". */
export type GetAnswer =
  | { readonly kind: "values"; readonly values: Map<TaskId, EncodedValue | "absent"> }
  | { readonly kind: "busy"; readonly retryMs: number };

interface PendingGet {
  readonly kind: "get";
  readonly open: Set<TaskId>;
  readonly values: Map<TaskId, EncodedValue | "absent">;
  readonly assemblers: Map<TaskId, ShardAssembler>;
  readonly resolve: (answer: GetAnswer) => void;
  readonly reject: (error: ClusterError) => void;
  progressMs: number;
}

interface PendingPut {
  readonly kind: "put";
  readonly task: TaskId;
  readonly resolve: () => void;
  readonly reject: (error: ClusterError) => void;
  progressMs: number;
}

/** One outgoing connection to a peer, with the requests that wait for its answers. */
export class PeerLink {
  readonly #connection: Connection<PeerAnswer, PeerRequest>;
  readonly #sharesMemory: boolean;
  readonly #pending: Map<number, PendingGet | PendingPut> = new Map();
  #requestNumber = 0;
  #closeError: ClusterError | undefined;
  #onClose: () => void = () => {};
  /** When the last request ended. */
  idleSinceMs: number = performance.now();

  constructor(connection: Connection<PeerAnswer, PeerRequest>, sharesMemory: boolean) {
    this.#connection = connection;
    this.#sharesMemory = sharesMemory;
    connection.onClose((error) => this.#closed(error));
    connection.onMessages((answers) => this.#answers(answers));
  }

  get idle(): boolean {
    return this.#pending.size === 0;
  }

  /** True if some request has seen no progress since `sinceMs`. */
  stalledSince(sinceMs: number): boolean {
    return [...this.#pending.values()].some(({ progressMs }) => progressMs < sinceMs);
  }

  get(tasks: readonly TaskId[]): Promise<GetAnswer> {
    return new Promise((resolve, reject) => {
      const pending: PendingGet = {
        kind: "get",
        open: new Set(tasks),
        values: new Map(),
        assemblers: new Map(),
        resolve,
        reject,
        progressMs: performance.now(),
      };
      if (tasks.length === 0) return resolve({ kind: "values", values: pending.values });
      const request = this.#begin(pending);
      if (request !== undefined) this.#connection.send({ op: "get", request, tasks });
    });
  }

  async put(task: TaskId, value: EncodedValue): Promise<void> {
    let request: number | undefined;
    let pending: PendingPut | undefined;
    const done = new Promise<void>((resolve, reject) => {
      pending = { kind: "put", task, resolve, reject, progressMs: performance.now() };
      request = this.#begin(pending);
    });
    // The rejection reaches the caller by the await below; until then it must not count as unhandled.
    done.catch(() => {});
    if (request !== undefined && pending !== undefined) await this.#sendShards(request, pending, value);
    await done;
  }

  onClose(listener: () => void): void {
    if (this.#closeError !== undefined) listener();
    else this.#onClose = listener;
  }

  async close(reason?: string): Promise<void> {
    await this.#connection.close(reason);
  }

  async #sendShards(request: number, pending: PendingPut, value: EncodedValue): Promise<void> {
    for (const shard of shardsOf(pending.task, value)) {
      if (this.#connection.closed) return;
      this.#connection.send({ op: "put", request, ...shard });
      await this.#connection.writable();
      pending.progressMs = performance.now();
    }
  }

  #begin(pending: PendingGet | PendingPut): number | undefined {
    if (this.#closeError !== undefined) {
      pending.reject(this.#lost(this.#closeError));
      return undefined;
    }
    const request = ++this.#requestNumber;
    this.#pending.set(request, pending);
    return request;
  }

  #answers(answers: readonly PeerAnswer[]): void {
    try {
      for (const answer of answers) {
        const pending = this.#pending.get(answer.request);
        // An answer to a request that was given up.
        if (pending === undefined) continue;
        pending.progressMs = performance.now();
        if (pending.kind === "put") this.#putAnswer(pending, answer);
        else this.#getAnswer(pending, answer);
      }
    } catch (error) {
      const reason = error instanceof ProtocolError ? `${error.code}: ${error.message}` : String(error);
      void this.#connection.close(reason);
    }
  }

  #putAnswer(pending: PendingPut, answer: PeerAnswer): void {
    if (answer.op !== "put-done" || answer.task !== pending.task) throw unexpected(answer);
    this.#end(answer.request);
    pending.resolve();
  }

  #getAnswer(pending: PendingGet, answer: PeerAnswer): void {
    switch (answer.op) {
      case "shard":
      case "absent": {
        if (!pending.open.has(answer.task)) throw unexpected(answer);
        const value = answer.op === "absent" ? "absent" : this.#assemble(pending, answer);
        if (value === undefined) return;
        pending.open.delete(answer.task);
        pending.assemblers.delete(answer.task);
        pending.values.set(answer.task, value);
        if (pending.open.size > 0) return;
        this.#end(answer.request);
        return pending.resolve({ kind: "values", values: pending.values });
      }
      case "busy":
        this.#end(answer.request);
        return pending.resolve({ kind: "busy", retryMs: answer.retryMs });
      case "put-done":
        throw unexpected(answer);
      default:
        assertNever(answer);
    }
  }

  #assemble(pending: PendingGet, shard: PeerAnswer & { op: "shard" }): EncodedValue | undefined {
    let assembler = pending.assemblers.get(shard.task);
    const small = assembler === undefined ? smallValueOf(shard) : undefined;
    if (small !== undefined) return small;
    if (assembler === undefined) {
      assembler = new ShardAssembler(shard.task, this.#sharesMemory);
      pending.assemblers.set(shard.task, assembler);
    }
    return assembler.add(shard);
  }

  #end(request: number): void {
    this.#pending.delete(request);
    this.idleSinceMs = performance.now();
  }

  #closed(error: ClusterError): void {
    this.#closeError = error;
    for (const { reject } of this.#pending.values()) reject(this.#lost(error));
    this.#pending.clear();
    this.#onClose();
  }

  #lost(cause: ClusterError): ClusterError {
    const { remote } = this.#connection;
    return new ClusterError("CONNECTION_LOST", `The connection to worker ${remote} was lost: ${cause.message}`, {
      cause,
      retryable: true,
    });
  }
}

function unexpected(answer: PeerAnswer): ProtocolError {
  return new ProtocolError("BAD_FRAME", `"${answer.op}" is no answer to request ${answer.request}.`);
}
