import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TaskId, taskId } from "../../../protocol/ids.ts";
import type { ValueStream } from "../../../protocol/transfer.ts";
import { ResultStore } from "../../../worker/store/result-store.ts";
import { eventually } from "../../eventually.ts";

const mib = 2 ** 20;
const t = (number: number): TaskId => taskId(number);
const value = (fill: number): Uint8Array[] => [new Uint8Array(mib).fill(fill)];

let directory: string;
let store: ResultStore;
let unreadable: TaskId[];
beforeEach(async () => {
  directory = await mkdtemp(join(os.tmpdir(), "muster-store-"));
  unreadable = [];
  store = new ResultStore({ targetBytes: 2 * mib, directory, onUnreadable: (task) => unreadable.push(task) });
});
afterEach(async () => {
  await store.close();
  expect(await readdir(directory)).toEqual([]);
  await rm(directory, { recursive: true });
});

async function files(): Promise<string[]> {
  const [own] = await readdir(directory);
  return own === undefined ? [] : (await readdir(join(directory, own))).filter((name) => name.endsWith(".value"));
}

const spilled = (): Promise<true> =>
  eventually("memory at its target", () => (store.memoryBytes <= 2 * mib ? true : undefined));

describe("the result store", () => {
  it("holds more than its target, gives back everything, and deletes the file of what is dropped", async () => {
    for (let i = 1; i <= 5; i++) store.put(t(i), value(i));
    await spilled();
    expect(store.bytes).toBe(5 * mib);
    expect(await files()).toHaveLength(3);
    for (let i = 1; i <= 5; i++) {
      const back = await store.get(t(i));
      expect([back?.length, back?.[0]?.[0], back?.[0]?.byteLength]).toEqual([1, i, mib]);
    }
    store.drop([1, 2, 3, 4, 5].map(t));
    expect([store.bytes, store.get(t(1))]).toEqual([0, undefined]);
    await eventually("no file", async () => (await files()).length === 0);
  });

  it("reads what is lent, and keeps it in memory until it is given back", async () => {
    for (let i = 1; i <= 4; i++) store.put(t(i), value(i));
    await spilled();
    const loan = store.lend([t(1), t(2), t(9)]);
    expect((await loan.values).map((lent) => lent?.[0]?.[0])).toEqual([1, 2, undefined]);
    for (let i = 5; i <= 8; i++) store.put(t(i), value(i));
    await spilled();
    expect(store.get(t(1))).not.toBeInstanceOf(Promise);
    loan.release();
    store.put(t(10), value(10));
    store.put(t(11), value(11));
    await eventually("the values to leave memory", () => store.get(t(1)) instanceof Promise);
  });

  it("says which value cannot be read back, and holds it no more", async () => {
    for (let i = 1; i <= 3; i++) store.put(t(i), value(i));
    await spilled();
    const [own = ""] = await readdir(directory);
    await rm(join(directory, own), { recursive: true });
    expect(await store.get(t(1))).toBeUndefined();
    expect(unreadable).toEqual([t(1)]);
    expect([store.get(t(1)), store.bytes]).toEqual([undefined, 2 * mib]);
  });

  it("keeps a value that came under the number of one that was dropped while it was written", async () => {
    store.press(100 * mib);
    store.put(t(1), value(1));
    store.put(t(1), value(2));
    await eventually("the second to be spilled", () => store.memoryBytes === 0);
    expect((await store.get(t(1)))?.[0]?.[0]).toBe(2);
    expect(await files()).toHaveLength(1);
  });

  describe("for a peer", () => {
    const large = (fill: number): Uint8Array[] => [new Uint8Array([fill]), new Uint8Array(9 * mib).fill(fill)];
    const collect = async (stream: ValueStream): Promise<Uint8Array[]> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of stream.pieces(mib)) pieces.push(piece);
      return pieces;
    };
    const streamOf = (task: TaskId): ValueStream => {
      const served = store.serve(task);
      if (served === undefined || !("pieces" in served)) throw new Error("it is not read piece by piece");
      return served;
    };

    it("reads what is large and on disk piece by piece, without bringing it back to memory", async () => {
      store.put(t(1), large(1));
      store.put(t(2), value(2));
      await spilled();
      const memoryBytes = store.memoryBytes;
      const stream = streamOf(t(1));
      expect([stream.chunkBytes, stream.shared]).toEqual([[1, 9 * mib], []]);
      const pieces = await collect(stream);
      expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBe(mib);
      expect(Buffer.compare(Buffer.concat(pieces), Buffer.concat(large(1)))).toBe(0);
      expect(store.memoryBytes).toBe(memoryBytes);
      expect(store.serve(t(2))).toEqual(value(2));
      expect(store.serve(t(3))).toBeUndefined();
    });

    it("says which value cannot be read, and holds it no more", async () => {
      store.put(t(1), large(1));
      await spilled();
      const [own = ""] = await readdir(directory);
      for (const name of await files()) await rm(join(directory, own, name));
      await expect(collect(streamOf(t(1)))).rejects.toMatchObject({ code: "UNREADABLE_VALUE" });
      expect([unreadable, store.bytes, store.serve(t(1))]).toEqual([[t(1)], 0, undefined]);
    });

    it("says of a value that was dropped meanwhile only that it cannot be read", async () => {
      store.put(t(1), large(1));
      await spilled();
      const stream = streamOf(t(1));
      store.drop([t(1)]);
      await eventually("no file", async () => (await files()).length === 0);
      await expect(collect(stream)).rejects.toMatchObject({ code: "UNREADABLE_VALUE" });
      expect(unreadable).toEqual([]);
    });
  });

  it("brings shared memory back as shared memory, and says when it lets go of some", async () => {
    const freed: number[] = [];
    const sharing = new ResultStore({
      targetBytes: 2 * mib,
      directory,
      onUnreadable: () => {},
      onSharedFreed: (bytes) => freed.push(bytes),
    });
    sharing.put(t(1), [new Uint8Array(5), new Uint8Array(new SharedArrayBuffer(3 * mib)).fill(1)]);
    sharing.put(t(2), [new Uint8Array(10)]);
    await eventually("it on disk", () => (freed.length > 0 ? true : undefined));
    const back = await sharing.get(t(1));
    expect(back?.map(({ buffer }) => buffer.constructor.name)).toEqual(["ArrayBuffer", "SharedArrayBuffer"]);
    expect(back?.[1]?.every((byte) => byte === 1)).toBe(true);
    sharing.drop([t(2)]);
    await sharing.close();
    expect(new Set(freed)).toEqual(new Set([3 * mib]));
  });
});
