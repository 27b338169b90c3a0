import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify } from "../../client/code/identify.ts";
import type { FnRef } from "../../protocol/code.ts";
import { ClusterError } from "../../protocol/errors.ts";
import { CodeCache } from "../../worker/executor/code-cache.ts";
import type { Submittable } from "../executor.ts";

/** How a slot finds a function: its name, and the file of the bundle that defines it (none for Muster's own). */
export interface SlotCode {
  readonly ref: FnRef;
  readonly path: string | undefined;
}

/** The code of one run as files that the run's slots import, the same bundles that a cluster's workers would get. */
export class SlotCodeStore {
  readonly #bundles = new Map<string, Uint8Array>();
  readonly #known = new WeakMap<Submittable, Promise<SlotCode>>();
  readonly #underWay = new Set<Promise<SlotCode>>();
  #cache: Promise<CodeCache> | undefined;
  #directory: string | undefined;
  #closed = false;

  /** Rejects when the function cannot be bundled; the code says why (`NOT_SELF_CONTAINED`, `BUNDLE_FAILED`, …). */
  find(fn: Submittable): Promise<SlotCode> {
    const known = this.#known.get(fn);
    if (known !== undefined) return known;
    const code = this.#store(fn);
    this.#known.set(fn, code);
    this.#underWay.add(code);
    void code.catch(() => {}).then(() => this.#underWay.delete(code));
    return code;
  }

  /** Removes the files, after the last of them has been written. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
  }

  async #store(fn: Submittable): Promise<SlotCode> {
    const { ref, bundle } = await identify(fn);
    if (bundle === undefined) return { ref, path: undefined };
    if (this.#closed) throw new ClusterError("CLOSED", "The run ended before this function's code was needed.");
    this.#bundles.set(bundle.hash, bundle.bytes);
    this.#cache ??= this.#openCache();
    const cache = await this.#cache;
    return { ref, path: await cache.path(bundle.hash) };
  }

  async #openCache(): Promise<CodeCache> {
    this.#directory = await mkdtemp(join(tmpdir(), "muster-pool-"));
    return new CodeCache({
      directory: this.#directory,
      fetch: async (hash) => {
        const bytes = this.#bundles.get(hash);
        if (bytes !== undefined) return bytes;
        throw new ClusterError("BAD_BUNDLE", `This run has no bundle ${hash}.`);
      },
      // The run's own code is needed until the run's end: nothing of it may be evicted.
      maxBytes: Number.POSITIVE_INFINITY,
    });
  }
}
