import { assertNever, ClusterError } from "../../protocol/errors.ts";
import type { TaskId } from "../../protocol/ids.ts";
import { type Logger, silentLogger } from "../../protocol/logger.ts";
import type { EncodedValue } from "../../protocol/messages.ts";
import { sharedBytesOf, sharedChunksOf } from "../../protocol/shared-memory.ts";
import type { ValueStream } from "../../protocol/transfer.ts";
import { encodedBytes } from "../../protocol/value.ts";
import { type SpillEffect, type SpillEvent, SpillPolicy, spillableBytesMin } from "../core/spill-policy.ts";
import { SpillFiles } from "./spill-files.ts";

/** How long a disk that did not take a value is left alone. */
const diskRetryMs = 10_000;
/** A value on disk that is larger is sent from there piece by piece, and does not come back to memory for it. */
const streamedBytesMin = 8 * 2 ** 20;

const unreadableWarning = "a result that was spilled to disk cannot be read back and is lost";

export interface ResultStoreOptions {
  /** How much may lie in memory; what is above goes to files. */
  readonly targetBytes: number;
  /** Where the files' own directory is made when it is needed. */
  readonly directory: string;
  /** A value that was spilled cannot be read back: it is not held any more. */
  readonly onUnreadable: (task: TaskId) => void;
  /** A value was written to disk or read back, in Unix epoch ms. */
  readonly onDisk?: ((use: DiskUse) => void) | undefined;
  /** So much shared memory is needed no longer: V8 does not count it, and will not look for it by itself. */
  readonly onSharedFreed?: ((bytes: number) => void) | undefined;
  readonly log?: Logger | undefined;
}

export interface DiskUse {
  readonly direction: "write" | "read";
  readonly bytes: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Values that a running task needs: they stay in memory until they are released. */
export interface Loan {
  /** In the order asked for; undefined is one that is not held, or cannot be read. A promise if one has to be read first. */
  readonly values: readonly (EncodedValue | undefined)[] | Promise<readonly (EncodedValue | undefined)[]>;
  release(): void;
}

const smallId = 0;

interface Stored {
  /** Task numbers come again with another scheduler; these do not. All that never leave memory have `smallId`. */
  readonly id: number;
  readonly task: TaskId;
  readonly bytes: number;
  /** Undefined while it lies on disk alone. */
  value: EncodedValue | undefined;
  /** Known once it was on disk. */
  layout: Pick<ValueStream, "chunkBytes" | "shared"> | undefined;
  readonly readers: ((value: EncodedValue | undefined) => void)[];
}

/** The results that this worker holds, as bytes, in memory and on disk. Which ones is the core's decision. */
export class ResultStore {
  readonly #options: ResultStoreOptions;
  readonly #log: Logger;
  readonly #policy: SpillPolicy;
  readonly #files: SpillFiles;
  readonly #byTask: Map<TaskId, Stored> = new Map();
  readonly #byId: Map<number, Stored> = new Map();
  /** What is under way on disk. */
  readonly #pending: Set<Promise<void>> = new Set();
  #bytes = 0;
  #lastId = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ResultStoreOptions) {
    this.#options = options;
    this.#log = options.log ?? silentLogger;
    this.#policy = new SpillPolicy(options.targetBytes);
    this.#files = new SpillFiles(options.directory);
  }

  /** Of all values together, wherever they lie. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Of those in memory. */
  get memoryBytes(): number {
    return this.#policy.residentBytes;
  }

  get(task: TaskId): EncodedValue | undefined | Promise<EncodedValue | undefined> {
    const stored = this.#byTask.get(task);
    if (stored?.id === smallId) return stored.value;
    const { values, release } = this.lend([task]);
    if (values instanceof Promise) return values.then(([value]) => value).finally(release);
    release();
    return values[0];
  }

  /** For a peer: what is large and lies on disk is read while it is sent. */
  serve(task: TaskId): EncodedValue | ValueStream | undefined | Promise<EncodedValue | undefined> {
    const stored = this.#byTask.get(task);
    if (stored?.layout === undefined || stored.value !== undefined || stored.bytes < streamedBytesMin)
      return this.get(task);
    return { ...stored.layout, pieces: (bytesMax) => this.#pieces(stored, bytesMax) };
  }

  /** Lends values to a task that is to run. */
  lend(tasks: readonly TaskId[]): Loan {
    const lent = tasks.map((task) => this.#byTask.get(task));
    for (const stored of lent) if (isSpillable(stored)) this.#tell({ kind: "use", id: stored.id });
    const values = lent.map((stored) => stored?.value);
    const missing = lent.some((stored) => stored !== undefined && stored.value === undefined);
    return {
      values: missing ? Promise.all(lent.map((stored) => this.#whenRead(stored))) : values,
      release: () => {
        for (const stored of lent) if (isSpillable(stored)) this.#tell({ kind: "unuse", id: stored.id });
      },
    };
  }

  put(task: TaskId, value: EncodedValue): void {
    if (this.#byTask.has(task)) this.drop([task]);
    const bytes = encodedBytes(value);
    const id = bytes < spillableBytesMin ? smallId : ++this.#lastId;
    const stored: Stored = { id, task, bytes, value, layout: undefined, readers: [] };
    this.#byTask.set(task, stored);
    this.#bytes += bytes;
    if (id === smallId) return this.#tell({ kind: "small", bytes });
    this.#byId.set(id, stored);
    this.#tell({ kind: "put", id, bytes });
  }

  drop(tasks: Iterable<TaskId>): void {
    for (const task of tasks) {
      const stored = this.#byTask.get(task);
      if (stored === undefined) continue;
      this.#forget(stored);
      if (stored.id === smallId) this.#tell({ kind: "small", bytes: -stored.bytes });
      else this.#tell({ kind: "drop", id: stored.id });
    }
  }

  /** The process holds this many bytes more than it should (0: it does not), so that more has to leave memory. */
  press(bytes: number): void {
    this.#tell({ kind: "press", bytes });
  }

  /** Forgets everything; resolves when no file of it is left. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.drop([...this.#byTask.keys()]);
    // What ends may leave a file to be removed.
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await this.#files.close();
  }

  #whenRead(stored: Stored | undefined): Promise<EncodedValue | undefined> {
    if (stored === undefined || stored.value !== undefined) return Promise.resolve(stored?.value);
    return new Promise((resolve) => stored.readers.push(resolve));
  }

  #forget(stored: Stored): void {
    this.#byTask.delete(stored.task);
    this.#bytes -= stored.bytes;
    if (stored.value !== undefined) this.#freed(stored.value);
  }

  #tell(event: SpillEvent): void {
    for (const effect of this.#policy.handle(event)) this.#perform(effect);
    if ("id" in event && !this.#policy.has(event.id)) this.#byId.delete(event.id);
  }

  #perform({ kind, id }: SpillEffect): void {
    const stored = this.#byId.get(id);
    if (stored === undefined) return;
    switch (kind) {
      case "write":
        return this.#track(this.#write(stored));
      case "read":
        return this.#track(this.#read(stored));
      case "remove":
        return this.#track(this.#files.remove(id));
      case "evict":
        return this.#evict(stored);
      default:
        assertNever(kind);
    }
  }

  #evict(stored: Stored): void {
    const { value } = stored;
    if (value === undefined) return;
    stored.layout ??= { chunkBytes: value.map(({ byteLength }) => byteLength), shared: sharedChunksOf(value) };
    stored.value = undefined;
    this.#freed(value);
  }

  #freed(value: EncodedValue): void {
    const sharedBytes = sharedBytesOf(value);
    if (sharedBytes > 0) this.#options.onSharedFreed?.(sharedBytes);
  }

  async *#pieces(stored: Stored, bytesMax: number): AsyncGenerator<Uint8Array, void, void> {
    const { id, task, bytes } = stored;
    const startMs = Date.now();
    let resumedAt = performance.now();
    let readMs = 0;
    try {
      for await (const piece of this.#files.pieces(id, bytesMax)) {
        readMs += performance.now() - resumedAt;
        yield piece;
        resumedAt = performance.now();
      }
    } catch (cause) {
      this.#lose(stored, cause);
      throw new ClusterError("UNREADABLE_VALUE", `Task ${task}'s result could not be read from disk.`, { cause });
    }
    this.#options.onDisk?.({ direction: "read", bytes, startMs, endMs: startMs + readMs });
  }

  /** Its file is of no use. */
  #lose(stored: Stored, error: unknown): void {
    const { task } = stored;
    // It may be gone because nobody wanted it any more.
    if (this.#byTask.get(task) !== stored) return;
    this.#log.warn({ error, task }, unreadableWarning);
    this.drop([task]);
    this.#options.onUnreadable(task);
  }

  async #write(stored: Stored): Promise<void> {
    const { id, task, bytes, value = [] } = stored;
    let ok = true;
    try {
      await this.#timed("write", bytes, () => this.#files.write(id, value));
    } catch (error) {
      ok = false;
      this.#log.warn({ error, task, bytes }, "a result could not be spilled to disk and stays in memory");
      clearTimeout(this.#retry);
      if (!this.#closed) this.#retry = setTimeout(() => this.#tell({ kind: "retry" }), diskRetryMs).unref();
    }
    this.#tell({ kind: "written", id, ok });
  }

  async #read(stored: Stored): Promise<void> {
    const { id, task, bytes } = stored;
    try {
      stored.value = await this.#timed("read", bytes, () => this.#files.read(id, stored.layout?.shared));
    } catch (error) {
      this.#log.warn({ error, task }, unreadableWarning);
    }
    const ok = stored.value !== undefined;
    const isHeld = this.#byTask.get(task) === stored;
    if (!ok && isHeld) this.#forget(stored);
    this.#tell({ kind: "read", id, ok });
    for (const reader of stored.readers.splice(0)) reader(stored.value);
    if (!ok && isHeld) this.#options.onUnreadable(task);
  }

  async #timed<T>(direction: DiskUse["direction"], bytes: number, use: () => Promise<T>): Promise<T> {
    const startMs = Date.now();
    const startedAt = performance.now();
    const result = await use();
    this.#options.onDisk?.({ direction, bytes, startMs, endMs: startMs + performance.now() - startedAt });
    return result;
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#log.warn({ error }, "the file of a spilled result could not be removed"))
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}

/** Whether it may leave memory while nobody keeps it there. */
function isSpillable(stored: Stored | undefined): stored is Stored {
  return stored !== undefined && stored.id !== smallId;
}
