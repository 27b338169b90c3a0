import { assertNever } from "../protocol/errors.ts";
import { type FutureId, futureId } from "../protocol/ids.ts";
import { Future, type FutureOwner } from "./future.ts";
import { FutureRecord, type Naming, pending } from "./future-record.ts";
import { localError } from "./local-error.ts";
import type { News } from "./session.ts";

/** The news of single futures. */
export type FutureNews = Extract<News, { future: FutureId }>;

/** A client's futures by their numbers. Those whose Future was collected as garbage are reported, to be released. */
export class FutureTable {
  readonly #owner: FutureOwner;
  readonly #records = new Map<FutureId, FutureRecord>();
  readonly #collected: FinalizationRegistry<FutureRecord>;
  #lastId = 0;

  constructor(owner: FutureOwner) {
    this.#owner = owner;
    this.#collected = new FinalizationRegistry((record) => owner.release(record));
  }

  /** The first of so many numbers that follow one another. */
  nextIds(count: number): FutureId {
    const first = this.#lastId + 1;
    this.#lastId += count;
    return futureId(first);
  }

  create<T>(id: FutureId, key: Naming): { readonly future: Future<T>; readonly record: FutureRecord } {
    const record = new FutureRecord(id, key);
    const future = new Future<T>(record, this.#owner);
    this.#records.set(id, record);
    this.#collected.register(future, record);
    return { future, record };
  }

  /** The record behind a future of this table, unless it was released. */
  recordOf(future: Future<unknown>): FutureRecord | undefined {
    const record = Future.recordOf(future);
    return this.#records.get(record.id) === record ? record : undefined;
  }

  /** Whether there was a record to forget: one may be released first, and collected later. */
  forget(record: FutureRecord): boolean {
    return this.#records.delete(record.id);
  }

  get(id: FutureId): FutureRecord | undefined {
    return this.#records.get(id);
  }

  all(): IterableIterator<FutureRecord> {
    return this.#records.values();
  }

  take(news: FutureNews): void {
    const record = this.#records.get(news.future);
    if (record === undefined) return; // Released, while this was on its way.
    switch (news.op) {
      case "finished":
        record.state = { status: "finished", task: news.task, bytes: news.bytes, addresses: news.addresses };
        return;
      case "failed":
        record.state = { status: "error", error: localError(news.error) };
        return;
      case "cancelled":
      case "lost":
        record.state = { status: news.op, error: localError(news.error) };
        return;
      case "pending":
        record.state = pending;
        return;
      default:
        assertNever(news);
    }
  }

  /** Ends every future that the cluster can tell no more of. */
  loseAll(error: Error): void {
    for (const record of this.#records.values()) {
      if (!("error" in record.state)) record.state = { status: "lost", error };
    }
  }
}
