import type { TaskId } from "../protocol/ids.ts";
import type { EncodedValue } from "../protocol/messages.ts";
import { type SpillEffect, type SpillEvent, SpillPolicy } from "../worker/core/spill-policy.ts";
import { resultBytesOf } from "./script.ts";
import type { Surroundings } from "./surroundings.ts";

const diskBytesPerMs = 100_000;
/** As long as the real store leaves a disk alone that did not take a value. */
const diskRetryMs = 10_000;

/** How a worker's disk behaves now. */
export interface SimDisk {
  /** What each access takes on average beside its bytes. */
  accessMs: number;
  /** How probable it is that a file cannot be read back, or written. */
  failures: number;
}

export interface SimStoreHost {
  readonly disk: SimDisk;
  /** Runs it when the process gets to it. */
  readonly receive: (action: () => void) => void;
  readonly onUnreadable: (task: TaskId) => void;
}

type Reader = (value: EncodedValue | undefined) => void;

interface Stored {
  readonly id: number;
  readonly task: TaskId;
  /** Undefined while it lies on disk alone. */
  value: EncodedValue | undefined;
  readonly file: EncodedValue;
  readonly readers: Reader[];
}

/** The results of a worker process: the real policy decides what lies in memory and what on a disk that takes virtual time. */
export class SimStore {
  readonly #around: Surroundings;
  readonly #host: SimStoreHost;
  readonly #policy: SpillPolicy;
  readonly #byTask: Map<TaskId, Stored> = new Map();
  readonly #byId: Map<number, Stored> = new Map();
  readonly #files: Set<number> = new Set();
  #lastId = 0;

  constructor(around: Surroundings, host: SimStoreHost) {
    this.#around = around;
    this.#host = host;
    this.#policy = new SpillPolicy(around.swarm.spillAboveBytes);
  }

  /** Whatever is left in it, in words. */
  leftovers(): string[] {
    const left = Array.from(this.#byTask.keys(), (task) => `task ${task} lies in the store`);
    if (this.#files.size > 0) left.push(`${this.#files.size} files of spilled results`);
    if (this.#policy.residentBytes > 0) left.push(`${this.#policy.residentBytes} bytes in memory`);
    return left;
  }

  /**
   * Hands values to `onValues`, in the order asked for: at once, or when the last has been read from disk. They stay in memory
   * until the function that is returned is called.
   */
  lend(tasks: readonly TaskId[], onValues: (values: readonly (EncodedValue | undefined)[]) => void): () => void {
    const lent = tasks.map((task) => this.#byTask.get(task));
    for (const stored of lent) if (stored !== undefined) this.#tell({ kind: "use", id: stored.id });
    const values = lent.map((stored) => stored?.value);
    let missing = 0;
    for (const [index, stored] of lent.entries()) {
      if (stored === undefined || stored.value !== undefined) continue;
      missing++;
      stored.readers.push((value) => {
        values[index] = value;
        missing--;
        if (missing === 0) onValues(values);
      });
    }
    if (missing === 0) onValues(values);
    return () => {
      for (const stored of lent) if (stored !== undefined) this.#tell({ kind: "unuse", id: stored.id });
    };
  }

  read(task: TaskId, onValue: Reader): void {
    let release: (() => void) | undefined;
    let over = false;
    release = this.lend([task], ([value]) => {
      over = true;
      release?.();
      onValue(value);
    });
    if (over) release();
  }

  put(task: TaskId, value: EncodedValue): void {
    this.drop([task]);
    const id = ++this.#lastId;
    const stored: Stored = { id, task, value, file: value, readers: [] };
    this.#byTask.set(task, stored);
    this.#byId.set(id, stored);
    this.#tell({ kind: "put", id, bytes: resultBytesOf(value) });
  }

  drop(tasks: Iterable<TaskId>): void {
    for (const task of tasks) {
      const stored = this.#byTask.get(task);
      if (stored === undefined) continue;
      this.#byTask.delete(task);
      this.#tell({ kind: "drop", id: stored.id });
    }
  }

  /** The process holds this many bytes more than it should. */
  press(bytes: number): void {
    this.#tell({ kind: "press", bytes });
  }

  #tell(event: SpillEvent): void {
    for (const effect of this.#policy.handle(event)) this.#perform(effect);
    if ("id" in event && !this.#policy.has(event.id)) this.#byId.delete(event.id);
  }

  #perform({ kind, id }: SpillEffect): void {
    const stored = this.#byId.get(id);
    if (stored === undefined) return;
    const { watch } = this.#around;
    switch (kind) {
      case "write":
        return this.#access(stored, (ok) => this.#written(stored, ok));
      case "read":
        return this.#access(stored, (ok) => this.#wasRead(stored, ok));
      case "remove":
        this.#files.delete(id);
        return;
      case "evict":
        watch.count("results spilled");
        stored.value = undefined;
    }
  }

  #access({ file }: Stored, onDone: (ok: boolean) => void): void {
    const { time, dice } = this.#around;
    const { disk, receive } = this.#host;
    const takesMs = dice.exponential(disk.accessMs) + resultBytesOf(file) / diskBytesPerMs;
    time.schedule(takesMs, () => receive(() => onDone(!dice.chance(disk.failures))));
  }

  #written({ id }: Stored, ok: boolean): void {
    const { time, watch } = this.#around;
    if (ok) this.#files.add(id);
    else {
      watch.count("results that could not be spilled");
      time.schedule(diskRetryMs, () => this.#host.receive(() => this.#tell({ kind: "retry" })));
    }
    this.#tell({ kind: "written", id, ok });
  }

  #wasRead(stored: Stored, ok: boolean): void {
    const { watch } = this.#around;
    const { id, task } = stored;
    const isHeld = this.#byTask.get(task) === stored;
    watch.count(ok ? "results read back" : "results that could not be read back");
    if (ok) stored.value = stored.file;
    else if (isHeld) this.#byTask.delete(task);
    this.#tell({ kind: "read", id, ok });
    const value = ok ? stored.file : undefined;
    if (!ok && isHeld) {
      watch.unreadable++;
      this.#host.onUnreadable(task);
    }
    for (const reader of stored.readers.splice(0)) reader(value);
  }
}
