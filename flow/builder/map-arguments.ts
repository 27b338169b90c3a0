import type { Reference, Unmapped } from "../../client/placeholder.ts";

/** An argument that every child gets whole. */
export class WholeArgument {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** An argument that is a list of lists, whose inner elements the children get. */
export class FlattenedArgument {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

/** In the arguments of `map`: every child gets this value whole. */
export function unmapped<T>(value: T | Reference<T>): Unmapped<T> {
  return new WholeArgument(value) as unknown as Unmapped<T>;
}

/** In the arguments of `map`: a list of lists (or a mapped task that returns lists) is mapped over as one list. */
export function flatten<T>(value: Reference<readonly (readonly T[])[]> | readonly (readonly T[])[]): Reference<T[]> {
  return new FlattenedArgument(value) as unknown as Reference<T[]>;
}
