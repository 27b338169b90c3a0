import { createHash } from "node:crypto";
import { ClusterError, ProtocolError } from "../../protocol/errors.ts";
import type { ClientId } from "../../protocol/ids.ts";
import { formatBytes } from "../../protocol/units.ts";

export interface BundleStoreOptions {
  /** The largest bundle that is taken. Default 256 MiB. */
  readonly bundleBytesMax?: number | undefined;
  /** What all bundles together may take, uploads under way included. Default 1 GiB. */
  readonly totalBytesMax?: number | undefined;
}

interface Bundle {
  readonly bytes: Uint8Array;
  /** Connected clients that may still submit tasks of it: it stays as long as there is one. */
  readonly users: Set<ClientId>;
}

interface Upload {
  readonly hash: string;
  readonly parts: Uint8Array[];
  bytes: number;
}

/** One piece of a bundle on its way in. */
export interface BundlePart {
  readonly request: number;
  readonly hash: string;
  readonly part: number;
  readonly parts: number;
  readonly bytes: Uint8Array;
}

/**
 * The code that clients uploaded, by hash, in memory. A bundle that no connected client uses goes when room is needed,
 * the least recently used first.
 */
export class BundleStore {
  readonly #bundleBytesMax: number;
  readonly #totalBytesMax: number;
  /** In order of last use. */
  readonly #bundles = new Map<string, Bundle>();
  readonly #uploads = new Map<ClientId, Map<number, Upload | "failed">>();
  #totalBytes = 0;

  constructor(options: BundleStoreOptions = {}) {
    this.#bundleBytesMax = options.bundleBytesMax ?? 256 * 2 ** 20;
    this.#totalBytesMax = options.totalBytesMax ?? 2 ** 30;
  }

  /** Bytes held, uploads under way included. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Which of these are not here. Those that are stay at least as long as the client does. */
  missing(client: ClientId, hashes: readonly string[]): string[] {
    return hashes.filter((hash) => !this.#use(client, hash));
  }

  /**
   * Takes one part. True once the bundle is complete and verified, false while parts are missing. After an error the
   * rest of that upload is ignored, so that each upload is answered once.
   * @throws ClusterError TOO_LARGE; ProtocolError BAD_BUNDLE
   */
  put(client: ClientId, part: BundlePart): boolean {
    const uploads = this.#uploadsOf(client);
    const isLast = part.part >= part.parts - 1;
    const upload = uploads.get(part.request) ?? { hash: part.hash, parts: [], bytes: 0 };
    if (upload === "failed") {
      if (isLast) uploads.delete(part.request);
      return false;
    }
    uploads.set(part.request, upload);
    try {
      this.#add(upload, part);
      if (!isLast) return false;
      this.#finish(client, upload);
    } catch (error) {
      this.#totalBytes -= upload.bytes;
      if (isLast) uploads.delete(part.request);
      else uploads.set(part.request, "failed");
      throw error;
    }
    uploads.delete(part.request);
    return true;
  }

  /** The bundle's bytes, or undefined when it is not here. */
  get(hash: string): Uint8Array | undefined {
    const bundle = this.#bundles.get(hash);
    if (bundle !== undefined) this.#touch(hash, bundle);
    return bundle?.bytes;
  }

  /** The client is gone: what it was uploading goes, what it used may go. */
  forget(client: ClientId): void {
    for (const upload of this.#uploads.get(client)?.values() ?? []) {
      if (upload !== "failed") this.#totalBytes -= upload.bytes;
    }
    this.#uploads.delete(client);
    for (const bundle of this.#bundles.values()) bundle.users.delete(client);
  }

  #uploadsOf(client: ClientId): Map<number, Upload | "failed"> {
    const uploads = this.#uploads.get(client) ?? new Map<number, Upload | "failed">();
    this.#uploads.set(client, uploads);
    return uploads;
  }

  #add(upload: Upload, part: BundlePart): void {
    if (part.part !== upload.parts.length || part.part >= part.parts || part.hash !== upload.hash) {
      throw new ProtocolError(
        "BAD_BUNDLE",
        `part ${part.part} of ${part.parts} of bundle ${part.hash} came out of order: part ${upload.parts.length} of ${upload.hash} was expected`,
      );
    }
    if (upload.bytes + part.bytes.length > this.#bundleBytesMax) {
      throw new ClusterError(
        "TOO_LARGE",
        `bundle ${part.hash} is larger than ${formatBytes(this.#bundleBytesMax)}, the most the scheduler takes: import less, or pass data as an argument instead of importing it`,
      );
    }
    this.#makeRoom(part);
    upload.parts.push(part.bytes);
    upload.bytes += part.bytes.length;
    this.#totalBytes += part.bytes.length;
  }

  #makeRoom(part: BundlePart): void {
    for (const [hash, bundle] of this.#bundles) {
      if (this.#totalBytes + part.bytes.length <= this.#totalBytesMax) return;
      if (bundle.users.size > 0) continue;
      this.#bundles.delete(hash);
      this.#totalBytes -= bundle.bytes.length;
    }
    if (this.#totalBytes + part.bytes.length > this.#totalBytesMax) {
      throw new ClusterError(
        "TOO_LARGE",
        `there is no room for bundle ${part.hash}: the bundles of the connected clients already fill the scheduler's ${formatBytes(this.#totalBytesMax)}. Close clients that are done`,
        { retryable: true },
      );
    }
  }

  #finish(client: ClientId, upload: Upload): void {
    const bytes = Buffer.concat(upload.parts);
    const actual = createHash("sha256").update(bytes).digest("hex");
    if (actual !== upload.hash) {
      throw new ProtocolError(
        "BAD_BUNDLE",
        `the bytes sent as bundle ${upload.hash} have the hash ${actual}: they were changed on the way, or the client is broken`,
      );
    }
    // Another client may have brought the same one in the meantime.
    if (this.#use(client, upload.hash)) {
      this.#totalBytes -= upload.bytes;
      return;
    }
    this.#bundles.set(upload.hash, { bytes, users: new Set([client]) });
  }

  #use(client: ClientId, hash: string): boolean {
    const bundle = this.#bundles.get(hash);
    if (bundle === undefined) return false;
    bundle.users.add(client);
    this.#touch(hash, bundle);
    return true;
  }

  #touch(hash: string, bundle: Bundle): void {
    this.#bundles.delete(hash);
    this.#bundles.set(hash, bundle);
  }
}
