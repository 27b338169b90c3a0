import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "../../protocol/errors.ts";

export interface CodeCacheOptions {
  /** Made if it is not there. For one cache at a time: a second one would not know which files this one still needs. */
  readonly directory: string;
  /** Gets the bytes of a bundle that the directory lacks. */
  readonly fetch: (hash: string) => Promise<Uint8Array>;
  /** Once the files take more than this, those that were not asked for longest go. */
  readonly maxBytes: number;
  /** A bundle that was asked for this short a time ago may be about to be imported, and is never removed. Default 60,000. */
  readonly keepMs?: number | undefined;
  /** close() removes the files. Default false: the next cache in the same directory uses them again. */
  readonly temporary?: boolean | undefined;
}

interface CachedBundle {
  readonly bytes: number;
  /** On the monotonic clock; -Infinity for a file that an earlier process left and nobody has asked for yet. */
  readonly askedAt: number;
}

const bundleFile = /^([0-9a-f]{64})\.mjs$/;
const draftFile = /^[0-9a-f]{64}\.mjs\.part$/;

/** Bundles as files that slots import, each named by the sha256 of its bytes. */
export class CodeCache {
  readonly #directory: string;
  readonly #fetch: (hash: string) => Promise<Uint8Array>;
  readonly #maxBytes: number;
  readonly #keepMs: number;
  readonly #temporary: boolean;
  /** The files that are there, least recently asked for first. */
  readonly #bundles: Map<string, CachedBundle> = new Map();
  readonly #underWay: Map<string, Promise<string>> = new Map();
  #opened: Promise<void> | undefined;
  #closed = false;

  constructor(options: CodeCacheOptions) {
    this.#directory = options.directory;
    this.#fetch = options.fetch;
    this.#maxBytes = options.maxBytes;
    this.#keepMs = options.keepMs ?? 60_000;
    this.#temporary = options.temporary ?? false;
  }

  /**
   * The file of a bundle, which is fetched if it is not there. Those who ask at the same time share one fetch.
   * @throws ClusterError BAD_BUNDLE when the bytes do not match the hash; CLOSED after close(); whatever `fetch` throws.
   */
  async path(hash: string): Promise<string> {
    if (this.#closed) throw new ClusterError("CLOSED", `bundle ${hash} was asked for after the code cache was closed`);
    // One that was asked for lately is taken to be there still; another may have been cleaned away, and is verified anew.
    const known = this.#bundles.get(hash);
    if (known !== undefined && performance.now() - known.askedAt < this.#keepMs) return this.#use(hash, known.bytes);
    let path = this.#underWay.get(hash);
    if (path === undefined) {
      path = this.#obtain(hash).finally(() => this.#underWay.delete(hash));
      this.#underWay.set(hash, path);
    }
    return path;
  }

  /** Waits for what is under way; removes the files if the cache is temporary. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([...this.#underWay.values(), this.#opened]);
    if (this.#temporary) for (const hash of [...this.#bundles.keys()]) this.#remove(hash);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #obtain(hash: string): Promise<string> {
    // The hash comes from a socket and becomes a file name.
    const path = this.#pathOf(hash);
    if (!bundleFile.test(`${hash}.mjs`))
      throw new ClusterError("BAD_BUNDLE", `"${hash}" is not the sha256 of a bundle`);
    this.#opened ??= this.#open().catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    await this.#opened;
    const present = await readFile(path).catch(() => undefined);
    if (present !== undefined && sha256(present) === hash) return this.#use(hash, present.byteLength);
    const bytes = await this.#fetch(hash);
    const actual = sha256(bytes);
    if (actual !== hash) {
      const what = `the ${bytes.byteLength} bytes that came for bundle ${hash} have the sha256 ${actual}`;
      throw new ClusterError("BAD_BUNDLE", what, { retryable: true, details: { hash, actual } });
    }
    // Whoever imports the file sees all of it, even if this process dies while it writes.
    await writeFile(`${path}.part`, bytes);
    await rename(`${path}.part`, path);
    this.#use(hash, bytes.byteLength);
    this.#evict();
    return path;
  }

  /** Counts what an earlier process left, oldest first, so that it can be evicted; removes what it left unfinished. */
  async #open(): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const left: { hash: string; bytes: number; writtenMs: number }[] = [];
    for (const name of await readdir(this.#directory)) {
      const path = join(this.#directory, name);
      if (draftFile.test(name)) await rm(path, { force: true });
      const hash = bundleFile.exec(name)?.[1];
      if (hash === undefined) continue;
      const { size, mtimeMs } = await stat(path);
      left.push({ hash, bytes: size, writtenMs: mtimeMs });
    }
    left.sort((a, b) => a.writtenMs - b.writtenMs);
    for (const { hash, bytes } of left) this.#bundles.set(hash, { bytes, askedAt: Number.NEGATIVE_INFINITY });
  }

  #use(hash: string, bytes: number): string {
    this.#bundles.delete(hash);
    this.#bundles.set(hash, { bytes, askedAt: performance.now() });
    return this.#pathOf(hash);
  }

  #evict(): void {
    let bytes = 0;
    for (const bundle of this.#bundles.values()) bytes += bundle.bytes;
    for (const [hash, bundle] of [...this.#bundles].slice(0, -1)) {
      if (bytes <= this.#maxBytes || performance.now() - bundle.askedAt < this.#keepMs) return;
      if (this.#underWay.has(hash)) continue;
      bytes -= bundle.bytes;
      this.#remove(hash);
    }
  }

  /** In one step, so that nobody who asks meanwhile finds a file that is about to go. */
  #remove(hash: string): void {
    this.#bundles.delete(hash);
    rmSync(this.#pathOf(hash), { force: true });
  }

  #pathOf(hash: string): string {
    // The ending makes Node take it for an ES module wherever it lies.
    return join(this.#directory, `${hash}.mjs`);
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
