import { ownBundle } from "../../protocol/code.ts";
import type { Outbox } from "./outbox.ts";

/**
 * A path is asked for again after this long, because the code cache may throw away what nobody asks it for. It keeps what was
 * asked for within the last minute.
 */
export const pathTrustMs: number = 30_000;

type Shelf =
  | { readonly kind: "loading"; readonly load: number }
  | { readonly kind: "there"; readonly path: string; readonly sinceMs: number };

/** Which bundles are on this machine's disk, and which are being brought. */
export class CodeShelf {
  readonly #shelves: Map<string, Shelf> = new Map();
  readonly #loads: Map<number, string> = new Map();
  readonly #outbox: Outbox;
  #loadNumber = 0;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  has(bundle: string, nowMs: number): boolean {
    if (bundle === ownBundle) return true;
    const shelf = this.#shelves.get(bundle);
    return shelf?.kind === "there" && nowMs - shelf.sinceMs < pathTrustMs;
  }

  path(bundle: string): string | undefined {
    const shelf = this.#shelves.get(bundle);
    return shelf?.kind === "there" ? shelf.path : undefined;
  }

  isLoading(bundle: string): boolean {
    return this.#shelves.get(bundle)?.kind === "loading";
  }

  /** Has it brought, unless it is on its way. */
  load(bundle: string): void {
    if (this.isLoading(bundle)) return;
    const load = ++this.#loadNumber;
    this.#shelves.set(bundle, { kind: "loading", load });
    this.#loads.set(load, bundle);
    this.#outbox.push({ kind: "load-code", load, bundle });
  }

  /** Returns the bundle that came, or undefined for a forgotten load. */
  ready(load: number, path: string, nowMs: number): string | undefined {
    const bundle = this.#ended(load);
    if (bundle !== undefined) this.#shelves.set(bundle, { kind: "there", path, sinceMs: nowMs });
    return bundle;
  }

  /** Returns the bundle that did not come; the next one that needs it tries again. */
  failed(load: number): string | undefined {
    const bundle = this.#ended(load);
    if (bundle !== undefined) this.#shelves.delete(bundle);
    return bundle;
  }

  /** Forgets what is on its way; what is there stays there. */
  forgetLoads(): void {
    for (const bundle of this.#loads.values()) this.#shelves.delete(bundle);
    this.#loads.clear();
  }

  #ended(load: number): string | undefined {
    const bundle = this.#loads.get(load);
    this.#loads.delete(load);
    return bundle;
  }
}
