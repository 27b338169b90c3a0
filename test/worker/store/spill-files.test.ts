import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EncodedValue } from "../../../protocol/messages.ts";
import { decodeValue, encodeValue } from "../../../protocol/value.ts";
import { SpillFiles } from "../../../worker/store/spill-files.ts";

let parent: string;
let files: SpillFiles;
beforeEach(async () => {
  parent = await mkdtemp(join(os.tmpdir(), "muster-spill-"));
  files = new SpillFiles(parent);
});
afterEach(async () => {
  await files.close();
  expect(await readdir(parent)).toEqual([]);
  await rm(parent, { recursive: true });
});

async function pathOf(name: string): Promise<string> {
  const [directory = ""] = await readdir(parent);
  return join(parent, directory, name);
}

describe("spill files", () => {
  it("give back the same chunks, large, small and empty", async () => {
    const large = new Uint8Array(9 << 20).map((_, index) => index % 251);
    const value: EncodedValue = [new Uint8Array([1, 2, 3]), new Uint8Array(), large];
    await files.write(1, value);
    await files.write(2, []);
    const back = await files.read(1);
    expect(back.map((chunk) => chunk.byteLength)).toEqual([3, 0, large.byteLength]);
    expect(back.every((chunk, index) => Buffer.compare(chunk, value[index] as Uint8Array) === 0)).toBe(true);
    expect(await files.read(2)).toEqual([]);
  });

  it("give back values that decode to what they were", async () => {
    const value = { name: "n", at: new Date(5), numbers: new Float64Array(20_000).fill(1.5) };
    await files.write(1, encodeValue(value));
    expect(decodeValue(await files.read(1))).toEqual(value);
  });

  it("give back in shared memory what was in shared memory", async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(3);
    await files.write(1, [new Uint8Array([1]), shared]);
    const back = await files.read(1, [1]);
    expect(back.map(({ buffer }) => buffer.constructor.name)).toEqual(["ArrayBuffer", "SharedArrayBuffer"]);
    expect(Buffer.compare(back[1] as Uint8Array, shared)).toBe(0);
  });

  it("can be read piece by piece, and say before the last piece that they are damaged", async () => {
    const value = [new Uint8Array([1, 2, 3]), new Uint8Array(), new Uint8Array(2_500).map((_, index) => index % 251)];
    await files.write(1, value);
    const pieces: Uint8Array[] = [];
    for await (const piece of files.pieces(1, 1_000)) pieces.push(piece);
    expect(pieces.map(({ byteLength }) => byteLength)).toEqual([3, 1_000, 1_000, 500]);
    expect(Buffer.compare(Buffer.concat(pieces), Buffer.concat(value))).toBe(0);

    const path = await pathOf("1.value");
    const bytes = await readFile(path);
    bytes[600] = (bytes[600] ?? 0) + 1;
    await writeFile(path, bytes);
    let readable = 0;
    const reading = (async () => {
      for await (const _ of files.pieces(1, 1_000)) readable++;
    })();
    await expect(reading).rejects.toMatchObject({ code: "UNREADABLE_VALUE" });
    expect(readable).toBe(3);
  });

  it("leave no file that is not whole, and none that was removed", async () => {
    await files.write(1, [new Uint8Array(10)]);
    await files.write(2, [new Uint8Array(10)]);
    await files.remove(1);
    expect(await readdir(await pathOf(""))).toEqual(["2.value"]);
    await expect(files.read(1)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["cut short", (path: string) => truncate(path, 500)],
    ["emptied", (path: string) => truncate(path, 0)],
    [
      "changed",
      async (path: string) => {
        const bytes = await readFile(path);
        bytes[600] = (bytes[600] ?? 0) + 1;
        await writeFile(path, bytes);
      },
    ],
    ["replaced", (path: string) => writeFile(path, "not a value at all, whatever its length")],
  ])("are refused when they were %s", async (_, damage) => {
    await files.write(1, [new Uint8Array(1000)]);
    await damage(await pathOf("1.value"));
    await expect(files.read(1)).rejects.toMatchObject({ code: "UNREADABLE_VALUE" });
  });
});
