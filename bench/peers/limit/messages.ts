// What the processes of the limit tell each other: arrays of these, in msgpack, over WebSockets.

export type ToScheduler =
  | { readonly op: "worker"; readonly slots: number }
  | { readonly op: "client" }
  | Graph
  | { readonly op: "done"; readonly id: number; readonly bytes: number };

/** Task `i` is `fns[i]` of `args[i]` and of the results of `deps[i]`. */
export interface Graph {
  readonly op: "graph";
  readonly fns: readonly number[];
  readonly args: readonly unknown[];
  readonly deps: readonly (readonly number[] | null)[];
  readonly wanted: readonly number[];
}

export type ToWorker =
  | {
      readonly op: "compute";
      readonly id: number;
      readonly fn: number;
      readonly args: unknown;
      /** Each with the number of the worker that holds it. */
      readonly deps: readonly (readonly [task: number, worker: number])[] | null;
    }
  | { readonly op: "free"; readonly id: number };

export interface ToClient {
  readonly op: "in-memory";
  readonly id: number;
}
