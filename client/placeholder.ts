import type { Future } from "./future.ts";
import type { GraphNode } from "./graph.ts";

declare const result: unique symbol;

/**
 * What a call of a task returns while a flow is built: it stands for the call's result, and may be passed to other
 * tasks. The flow layer makes and reads them.
 */
export interface Reference<out T> {
  /** Exists for the type checker alone. */
  readonly [result]: T;
}

declare const whole: unique symbol;

/** An argument of a mapped task that is passed whole to every child: `unmapped(value)`. */
export interface Unmapped<out T> {
  /** Exists for the type checker alone. */
  readonly [whole]: T;
}

/** What may stand for a value that does not exist yet, by where it may stand. */
export interface Placeholders<T> {
  /** In arguments of `client.submit` and `client.map`. */
  future: Future<T>;
  /** In arguments of `graph.add`. */
  node: GraphNode<T> | Future<T>;
  /** In a task's call while a flow is built. */
  reference: Reference<T>;
}

type Primitive = string | number | bigint | boolean | symbol | null | undefined;
// Placeholders are found in arrays and plain objects only: inside these they would be sent as they are, and refused.
type Opaque =
  | Primitive
  | Date
  | RegExp
  | Error
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBuffer
  | ArrayBufferView
  | ((...args: never) => unknown);

/** A value of type `T`, anywhere in which a placeholder may stand for a part, or for all of it. */
export type Placed<T, Kind extends keyof Placeholders<unknown>> = T | Placeholders<T>[Kind] | PlacedInside<T, Kind>;

type PlacedInside<T, Kind extends keyof Placeholders<unknown>> = T extends Opaque
  ? never
  : { [Name in keyof T]: Placed<T[Name], Kind> };

/** The arguments of a function, any part of which may be a placeholder. */
export type PlacedArgs<Args extends readonly unknown[], Kind extends keyof Placeholders<unknown>> = {
  [Index in keyof Args]: Placed<Args[Index], Kind>;
};
