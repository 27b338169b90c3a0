import { expect, test } from "vitest";
import type { ExecutorFuture } from "../../../flow/executor.ts";
import { collectFutures, isFuture, resolveFutures } from "../../../flow/executors/nested-futures.ts";

function futureOf<T>(key: string, value: T): ExecutorFuture<T> {
  const promise = Promise.resolve(value);
  return Object.assign(promise, {
    key,
    status: "finished" as const,
    result: () => promise,
    cancel: async () => {},
  });
}

test("a promise is no future, and neither is anything else", () => {
  expect(isFuture(futureOf("a", 1))).toBe(true);
  expect([Promise.resolve(1), { key: "a" }, null, undefined, "a", () => 1].filter(isFuture)).toEqual([]);
});

test("futures are found in arrays and plain objects, each once", () => {
  const [a, b] = [futureOf("a", 1), futureOf("b", 2)];
  expect(collectFutures({ x: [a, { y: b }], z: a, map: new Map([["k", futureOf("hidden", 3)]]) })).toEqual([a, b]);
});

test("a value without futures is given back itself", async () => {
  const value = { big: [1, 2, 3] };
  expect(await resolveFutures(value)).toBe(value);
});

test("shared and cyclic parts keep their shape", async () => {
  const shared = [futureOf("a", 1)];
  const value: Record<string, unknown> = { one: shared, two: shared };
  value["self"] = value;
  const result = (await resolveFutures(value)) as Record<string, unknown>;
  expect(result["one"]).toEqual([1]);
  expect(result["two"]).toBe(result["one"]);
  expect(result["self"]).toBe(result);
  expect(value["one"]).toBe(shared);
});

test("a property named __proto__ stays a property", async () => {
  const value = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
  value["future"] = futureOf("a", 1);
  const result = (await resolveFutures(value)) as Record<string, unknown>;
  expect(Object.keys(result)).toEqual(["__proto__", "future"]);
  expect(Object.hasOwn(result, "polluted") || "polluted" in result).toBe(false);
});
