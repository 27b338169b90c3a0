import type { FnRef } from "../protocol/code.ts";
import { ClusterError } from "../protocol/errors.ts";
import { type FnId, fnId } from "../protocol/ids.ts";
import type { TaskDefinition } from "../protocol/task-registry.ts";
import { type Identity, identify } from "./code/identify.ts";
import type { Session } from "./session.ts";
import { definitionOf, entryOf, isTask, type Submittable } from "./task.ts";

const partBytesMax = 2 ** 20;

/** Tells the scheduler of functions, each once, and uploads the bundles that it lacks. */
export class Functions {
  readonly #session: Session;
  readonly #tasks = new WeakMap<TaskDefinition, Map<string, Promise<FnId>>>();
  readonly #inline = new WeakMap<Submittable, Promise<FnId>>();
  readonly #ids = new Map<string, FnId>();
  readonly #uploads = new Map<string, Promise<void>>();
  /** Bundles of this turn, about which the scheduler is asked by one message. */
  #asking: { readonly hashes: string[]; readonly missing: Promise<ReadonlySet<string>> } | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** The number of a function on this connection, once the scheduler has its code. A failure may be tried again. */
  define(fn: Submittable): Promise<FnId> {
    if (!isTask(fn)) return remember(this.#inline, fn, () => this.#define(fn));
    const entries = this.#tasks.get(definitionOf(fn)) ?? new Map<string, Promise<FnId>>();
    this.#tasks.set(definitionOf(fn), entries);
    return remember(entries, entryOf(fn), () => this.#define(fn));
  }

  async #define(fn: Submittable): Promise<FnId> {
    const { ref, bundle } = await identify(fn);
    if (bundle !== undefined) await remember(this.#uploads, bundle.hash, () => this.#upload(bundle));
    return this.#number(ref);
  }

  #number(ref: FnRef): FnId {
    const identity = JSON.stringify([ref.bundle, ref.name, ref.entry]);
    const known = this.#ids.get(identity);
    if (known !== undefined) return known;
    const fn = fnId(this.#ids.size + 1);
    this.#session.send({ op: "define-fn", fn, ref });
    this.#ids.set(identity, fn);
    return fn;
  }

  async #upload({ hash, bytes }: NonNullable<Identity["bundle"]>): Promise<void> {
    await this.#session.writable();
    if (!(await this.#missing(hash)).has(hash)) return;
    const parts = Math.max(1, Math.ceil(bytes.byteLength / partBytesMax));
    const piece = (part: number): Uint8Array => bytes.subarray(part * partBytesMax, (part + 1) * partBytesMax);
    let request = 0;
    const taken = this.#session.request((number) => {
      request = number;
      return { op: "put-bundle", request, hash, part: 0, parts, bytes: piece(0) };
    });
    // The reply may be a refusal that comes before the last part was sent.
    taken.catch(() => {});
    for (let part = 1; part < parts; part++) {
      await this.#session.writable();
      this.#session.send({ op: "put-bundle", request, hash, part, parts, bytes: piece(part) });
    }
    try {
      await taken;
    } catch (error) {
      // Nothing of an upload outlives the connection that it came over.
      const cutOff = error instanceof ClusterError && error.code === "CONNECTION_LOST";
      if (!cutOff || this.#session.ended !== undefined) throw error;
      await this.#upload({ hash, bytes });
    }
  }

  #missing(hash: string): Promise<ReadonlySet<string>> {
    if (this.#asking === undefined) {
      const hashes: string[] = [];
      const missing = Promise.resolve().then(async () => {
        this.#asking = undefined;
        return new Set(await this.#session.request<string[]>((request) => ({ op: "has-bundles", request, hashes })));
      });
      this.#asking = { hashes, missing };
    }
    this.#asking.hashes.push(hash);
    return this.#asking.missing;
  }
}

interface Cache<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
  delete(key: Key): unknown;
}

/** One promise for all who ask for the same; forgotten when it fails. */
function remember<Key, Value>(cache: Cache<Key, Promise<Value>>, key: Key, make: () => Promise<Value>): Promise<Value> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}
