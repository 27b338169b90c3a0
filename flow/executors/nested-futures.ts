import type { ExecutorFuture } from "../executor.ts";

/** Any executor's future will do, not only ours: users may write their own executors. */
export function isFuture(value: unknown): value is ExecutorFuture {
  if (typeof value !== "object" || value === null) return false;
  const candidate = value as Partial<ExecutorFuture>;
  return typeof candidate.then === "function" && typeof candidate.key === "string";
}

/** The futures inside arrays and plain objects of `value`, each once, in the order met. */
export function collectFutures(value: unknown): ExecutorFuture[] {
  const futures = new Set<ExecutorFuture>();
  const seen = new Set<object>();
  const visit = (part: unknown): void => {
    if (isFuture(part)) {
      futures.add(part);
    } else if (isContainer(part) && !seen.has(part)) {
      seen.add(part);
      for (const inner of Object.values(part)) visit(inner);
    }
  };
  visit(value);
  return [...futures];
}

/**
 * A copy of `value` with every future replaced by its value. A value without futures is given back as it is, so that a large
 * argument costs one walk and no copy.
 */
export async function resolveFutures(value: unknown): Promise<unknown> {
  const futures = collectFutures(value);
  if (futures.length === 0) return value;
  const values = await Promise.all(futures);
  return replaceFutures(value, new Map(futures.map((future, index) => [future, values[index]])));
}

function replaceFutures(value: unknown, values: ReadonlyMap<ExecutorFuture, unknown>): unknown {
  // Remembers copies, so that shared and cyclic parts keep their shape.
  const copies = new Map<object, unknown>();
  const copy = (part: unknown): unknown => {
    if (isFuture(part)) return values.get(part);
    if (!isContainer(part)) return part;
    const known = copies.get(part);
    if (known !== undefined) return known;
    if (Array.isArray(part)) {
      const array: unknown[] = [];
      copies.set(part, array);
      for (const inner of part) array.push(copy(inner));
      return array;
    }
    const object: object = Object.create(Object.getPrototypeOf(part));
    copies.set(part, object);
    for (const [name, inner] of Object.entries(part)) {
      // Defined, not assigned: a property that came with JSON may be called __proto__.
      Object.defineProperty(object, name, { value: copy(inner), enumerable: true, configurable: true, writable: true });
    }
    return object;
  };
  return copy(value);
}

function isContainer(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
