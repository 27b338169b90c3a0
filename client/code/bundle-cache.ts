import { stat } from "node:fs/promises";
import type { Bundle } from "./bundle.ts";

interface Entry {
  readonly bundle: Promise<Bundle>;
  /** The state of every file that went in, as it was when it was made. */
  readonly stamp: Promise<string>;
}

/** Bundles by module. One is made again when any of its files has changed since; equal requests at one time share one. */
export class BundleCache {
  readonly #make: (file: string, external: readonly string[]) => Promise<Bundle>;
  readonly #entries = new Map<string, Entry>();

  constructor(make: (file: string, external: readonly string[]) => Promise<Bundle>) {
    this.#make = make;
  }

  async get(file: string, external: readonly string[]): Promise<Bundle> {
    const key = JSON.stringify([file, external]);
    const known = this.#entries.get(key);
    if (known !== undefined) {
      const bundle = await known.bundle;
      if ((await known.stamp) === (await stampOf(bundle.files))) return bundle;
      // Whoever came first has begun another one meanwhile.
      if (this.#entries.get(key) !== known) return this.get(file, external);
    }
    const bundle = this.#make(file, external);
    const entry = { bundle, stamp: bundle.then(({ files }) => stampOf(files)) };
    this.#entries.set(key, entry);
    entry.stamp.catch(() => this.#entries.delete(key));
    return bundle;
  }
}

async function stampOf(files: readonly string[]): Promise<string> {
  const states = await Promise.all(
    files.map(async (file) => {
      const state = await stat(file).catch(() => undefined);
      return `${file} ${state?.mtimeMs} ${state?.size}`;
    }),
  );
  return states.join("\n");
}
