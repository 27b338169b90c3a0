export type FutureStatus = "pending" | "finished" | "error" | "cancelled" | "lost";

/** The result of a submitted task, which may not exist yet. Awaiting it gives the value. */
export interface Future<out T> extends PromiseLike<T> {
  readonly key: string;
  readonly status: FutureStatus;
}
