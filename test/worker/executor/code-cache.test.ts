import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CodeCache, type CodeCacheOptions } from "../../../worker/executor/code-cache.ts";

const bundleOf = (text: string, size = 10): { hash: string; bytes: Buffer } => {
  const bytes = Buffer.from(text.padEnd(size));
  return { hash: createHash("sha256").update(bytes).digest("hex"), bytes };
};

describe("code cache", () => {
  const [a, b, c] = [bundleOf("a"), bundleOf("b"), bundleOf("c")];
  const source = new Map([a, b, c].map(({ hash, bytes }) => [hash, bytes]));
  let parent: string;
  let directory: string;
  let fetched: string[];
  const open = (options: Partial<CodeCacheOptions> = {}): CodeCache =>
    new CodeCache({
      directory,
      maxBytes: 1_000,
      fetch: async (hash) => {
        fetched.push(hash);
        const bytes = source.get(hash);
        if (bytes === undefined) throw new Error("nobody has it");
        return bytes;
      },
      ...options,
    });
  const files = async (): Promise<string[]> => (await readdir(directory)).sort();

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), "muster-code-"));
    directory = join(parent, "made", "on", "demand");
    fetched = [];
  });
  afterEach(() => rm(parent, { recursive: true }));

  test("those who ask together share one fetch, and later ones none", async () => {
    const cache = open();
    const [one, two] = await Promise.all([cache.path(a.hash), cache.path(a.hash)]);
    expect(two).toBe(one);
    expect(await cache.path(a.hash)).toBe(one);
    expect(await readFile(one)).toEqual(a.bytes);
    expect(basename(one)).toBe(`${a.hash}.mjs`);
    expect(fetched).toEqual([a.hash]);
    expect(await files()).toEqual([basename(one)]);
  });

  test("bytes that do not match are refused and leave nothing, and the next attempt fetches again", async () => {
    let answer = b.bytes;
    const cache = open({ fetch: async () => answer });
    await expect(cache.path(a.hash)).rejects.toMatchObject({
      code: "BAD_BUNDLE",
      retryable: true,
      details: { actual: b.hash },
    });
    expect(await files()).toEqual([]);
    answer = a.bytes;
    expect(await readFile(await cache.path(a.hash))).toEqual(a.bytes);
  });

  test("a hash that is none never becomes a path", async () => {
    await expect(open().path("../../escape")).rejects.toMatchObject({ code: "BAD_BUNDLE" });
    expect(fetched).toEqual([]);
  });

  test("a failing fetch reaches everybody who asked, and is tried again", async () => {
    const cache = open();
    const absent = bundleOf("absent").hash;
    const asked = await Promise.allSettled([cache.path(absent), cache.path(absent)]);
    expect(asked.map((each) => each.status)).toEqual(["rejected", "rejected"]);
    await expect(cache.path(absent)).rejects.toThrow("nobody has it");
    expect(fetched).toEqual([absent, absent]);
  });

  test("files of an earlier process are used, unless they are damaged or were left half-written", async () => {
    await open().path(a.hash);
    await open().path(b.hash);
    await writeFile(join(directory, `${b.hash}.mjs`), "damaged");
    await writeFile(join(directory, `${c.hash}.mjs.part`), "half");
    fetched = [];
    const cache = open();
    await cache.path(a.hash);
    expect(await readFile(await cache.path(b.hash))).toEqual(b.bytes);
    expect(fetched).toEqual([b.hash]);
    expect(await files()).toEqual([`${a.hash}.mjs`, `${b.hash}.mjs`].sort());
  });

  test("a file that somebody cleaned away is fetched again", async () => {
    const cache = open({ keepMs: 0 });
    await rm(await cache.path(a.hash));
    expect(await readFile(await cache.path(a.hash))).toEqual(a.bytes);
  });

  test("what was not asked for longest goes when there is too much, of an earlier process first", async () => {
    await open().path(c.hash);
    const cache = open({ maxBytes: 25, keepMs: 0 });
    await cache.path(a.hash);
    await cache.path(b.hash);
    expect(await files()).toEqual([`${a.hash}.mjs`, `${b.hash}.mjs`].sort());
    await cache.path(a.hash);
    await cache.path(c.hash);
    expect(await files()).toEqual([`${a.hash}.mjs`, `${c.hash}.mjs`].sort());
  });

  test("what was asked for a moment ago stays, however much there is", async () => {
    const cache = open({ maxBytes: 5 });
    await cache.path(a.hash);
    await cache.path(b.hash);
    expect(await files()).toEqual([`${a.hash}.mjs`, `${b.hash}.mjs`].sort());
  });

  test("close waits for what is under way, removes files only if told to, and ends the service", async () => {
    const kept = open();
    const pending = kept.path(a.hash);
    await kept.close();
    expect(await files()).toEqual([basename(await pending)]);
    const temporary = open({ temporary: true });
    await temporary.path(b.hash);
    await temporary.close();
    await temporary.close();
    expect(await files()).toEqual([]);
    await expect(temporary.path(b.hash)).rejects.toMatchObject({ code: "CLOSED" });
    await open().close();
  });
});
