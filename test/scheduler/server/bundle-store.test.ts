import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type ClientId, clientId } from "../../../protocol/ids.ts";
import { BundleStore } from "../../../scheduler/server/bundle-store.ts";

const [anna, bert] = [clientId(1), clientId(2)];
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

let request = 0;
function put(store: BundleStore, client: ClientId, bytes: Uint8Array, partBytes: number = bytes.length): boolean {
  request += 1;
  const parts = Math.max(1, Math.ceil(bytes.length / partBytes));
  let complete = false;
  for (let part = 0; part < parts; part++) {
    const piece = bytes.subarray(part * partBytes, (part + 1) * partBytes);
    complete = store.put(client, { request, hash: hashOf(bytes), part, parts, bytes: piece });
    expect(complete).toBe(part === parts - 1);
  }
  return complete;
}

test("a bundle comes in parts and goes out whole", () => {
  const store = new BundleStore();
  const bytes = bytesOf("export default 1;");
  expect(store.missing(anna, [hashOf(bytes)])).toEqual([hashOf(bytes)]);
  put(store, anna, bytes, 4);
  expect(store.missing(anna, [hashOf(bytes), "other"])).toEqual(["other"]);
  expect(store.get(hashOf(bytes))).toEqual(Buffer.from(bytes));
  expect(store.totalBytes).toBe(bytes.length);
  expect(store.get("other")).toBeUndefined();
});

test("bytes that do not match their hash are refused, and nothing of them stays", () => {
  const store = new BundleStore();
  const part = { request: 1, hash: hashOf(bytesOf("right")), part: 0, parts: 1, bytes: bytesOf("wrong") };
  expect(() => store.put(anna, part)).toThrow(expect.objectContaining({ code: "BAD_BUNDLE" }));
  expect(store.get(part.hash)).toBeUndefined();
  expect(store.totalBytes).toBe(0);
});

test("an upload out of order fails once; its other parts are ignored, and the next upload is not hurt", () => {
  const store = new BundleStore();
  const bytes = bytesOf("abcdef");
  const part = (index: number): Parameters<BundleStore["put"]>[1] => ({
    request: 7,
    hash: hashOf(bytes),
    part: index,
    parts: 4,
    bytes: bytes.subarray(index, index + 1),
  });
  expect(store.put(anna, part(0))).toBe(false);
  expect(() => store.put(anna, part(2))).toThrow(expect.objectContaining({ code: "BAD_BUNDLE" }));
  expect(store.put(anna, part(1))).toBe(false);
  expect(store.put(anna, part(3))).toBe(false);
  expect(store.totalBytes).toBe(0);
  expect(put(store, anna, bytes, 2)).toBe(true);
});

test("two clients may bring the same bundle at the same time", () => {
  const store = new BundleStore();
  const bytes = bytesOf("abcd");
  const half = (client: ClientId, part: number): boolean =>
    store.put(client, {
      request: 1,
      hash: hashOf(bytes),
      part,
      parts: 2,
      bytes: bytes.subarray(part * 2, part * 2 + 2),
    });
  expect([half(anna, 0), half(bert, 0), half(anna, 1), half(bert, 1)]).toEqual([false, false, true, true]);
  expect(store.totalBytes).toBe(4);
});

test("one that is too large is refused before it fills the memory", () => {
  const store = new BundleStore({ bundleBytesMax: 4 });
  const part = { request: 1, hash: "h", part: 0, parts: 2, bytes: bytesOf("abc") };
  store.put(anna, part);
  expect(() => store.put(anna, { ...part, part: 1 })).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  expect(store.totalBytes).toBe(0);
});

test("what no connected client uses makes room, the least recently used first", () => {
  const store = new BundleStore({ totalBytesMax: 8 });
  const [first, second, third] = [bytesOf("1111"), bytesOf("2222"), bytesOf("3333")] as const;
  put(store, anna, first);
  put(store, anna, second);
  expect(() => put(store, bert, third)).toThrow(expect.objectContaining({ code: "TOO_LARGE", retryable: true }));
  store.forget(anna);
  store.get(hashOf(first));
  put(store, bert, third);
  expect(store.missing(bert, [first, second, third].map(hashOf))).toEqual([hashOf(second)]);
});

test("half an upload goes with its client", () => {
  const store = new BundleStore();
  store.put(anna, { request: 1, hash: "h", part: 0, parts: 2, bytes: bytesOf("abc") });
  expect(store.totalBytes).toBe(3);
  store.forget(anna);
  expect(store.totalBytes).toBe(0);
});
