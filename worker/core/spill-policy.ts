import { assertNever } from "../../protocol/errors.ts";

/** Smaller values stay in memory: a file would cost more than it gives back. */
export const spillableBytesMin: number = 4_096;
/** More writes at once would not make a disk faster, only keep more values in memory that were to leave it. */
export const writesMax: number = 4;

/** `id` is a value's own number, never used again. Answers to a number that is forgotten are ignored. */
export type SpillEvent =
  | { readonly kind: "put"; readonly id: number; readonly bytes: number }
  /** Values too small to be spilled came (above 0) or went: so many bytes in all. */
  | { readonly kind: "small"; readonly bytes: number }
  /** Nobody wants the value any more. */
  | { readonly kind: "drop"; readonly id: number }
  /** Somebody needs it in memory, until the same one says "unuse". */
  | { readonly kind: "use"; readonly id: number }
  | { readonly kind: "unuse"; readonly id: number }
  | { readonly kind: "written"; readonly id: number; readonly ok: boolean }
  /** Not `ok`: the value is gone, and forgotten with this event. */
  | { readonly kind: "read"; readonly id: number; readonly ok: boolean }
  /** The process holds this many bytes too much, whatever for. 0: it does not. Stands until the next "press". */
  | { readonly kind: "press"; readonly bytes: number }
  /** After a failed write nothing is written until the disk deserves another try. */
  | { readonly kind: "retry" };

/** What to do with a value. "write" and "read" are each answered by one event. */
export interface SpillEffect {
  readonly kind:
    | "write"
    /** Its file has it: forget the bytes in memory. */
    | "evict"
    | "read"
    /** Delete its file. */
    | "remove";
  readonly id: number;
}

interface Entry {
  readonly id: number;
  readonly bytes: number;
  place: "memory" | "writing" | "disk" | "reading";
  /** Values never change, so a file once written serves every later spill, too. */
  filed: boolean;
  uses: number;
  dropped: boolean;
}

const nothing: readonly SpillEffect[] = [];

/**
 * Decides which values lie in memory and which on disk: above the target, those that were used least recently go to disk;
 * one that is needed comes back. Never one that is in use. Knows sizes only, and does no I/O.
 */
export class SpillPolicy {
  readonly #targetBytes: number;
  readonly #entries: Map<number, Entry> = new Map();
  /** What may leave memory: least recently used first. */
  readonly #idle: Map<number, Entry> = new Map();
  readonly #writing: Set<Entry> = new Set();
  #residentBytes = 0;
  #goalBytes: number;
  #diskFailed = false;
  #effects: SpillEffect[] = [];

  /** `targetBytes`: how much may lie in memory. */
  constructor(targetBytes: number) {
    this.#targetBytes = targetBytes;
    this.#goalBytes = targetBytes;
  }

  /** Of the values that lie in memory, or are on their way into or out of it. */
  get residentBytes(): number {
    return this.#residentBytes;
  }

  /** False once it is forgotten: nothing more will be said of this number. */
  has(id: number): boolean {
    return this.#entries.has(id);
  }

  handle(event: SpillEvent): readonly SpillEffect[] {
    this.#dispatch(event);
    this.#balance();
    if (this.#effects.length === 0) return nothing;
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  #dispatch(event: SpillEvent): void {
    if (event.kind === "put") return this.#put(event.id, event.bytes);
    if (event.kind === "small") {
      this.#residentBytes += event.bytes;
      return;
    }
    if (event.kind === "press") {
      this.#goalBytes =
        event.bytes > 0
          ? Math.max(0, Math.min(this.#targetBytes, this.#residentBytes - event.bytes))
          : this.#targetBytes;
      return;
    }
    if (event.kind === "retry") {
      this.#diskFailed = false;
      return;
    }
    const entry = this.#entries.get(event.id);
    if (entry === undefined) return;
    switch (event.kind) {
      case "drop":
        return this.#drop(entry);
      case "use":
        return this.#use(entry);
      case "unuse":
        entry.uses--;
        return this.#settle(entry);
      case "written":
        return this.#written(entry, event.ok);
      case "read":
        return this.#read(entry, event.ok);
      default:
        assertNever(event);
    }
  }

  #put(id: number, bytes: number): void {
    const entry: Entry = { id, bytes, place: "memory", filed: false, uses: 0, dropped: false };
    this.#entries.set(id, entry);
    this.#residentBytes += bytes;
    this.#settle(entry);
  }

  #use(entry: Entry): void {
    entry.uses++;
    this.#idle.delete(entry.id);
    if (entry.place !== "disk") return;
    entry.place = "reading";
    this.#residentBytes += entry.bytes;
    this.#effects.push({ kind: "read", id: entry.id });
  }

  #drop(entry: Entry): void {
    // A file cannot be deleted in all systems while it is open; the answer finishes the drop.
    if (entry.place === "writing" || entry.place === "reading") entry.dropped = true;
    else this.#forget(entry);
  }

  #written(entry: Entry, ok: boolean): void {
    this.#writing.delete(entry);
    entry.place = "memory";
    entry.filed = ok;
    if (!ok) this.#diskFailed = true;
    if (entry.dropped) this.#forget(entry);
    else if (ok && entry.uses === 0) this.#evict(entry);
    else this.#settle(entry);
  }

  #read(entry: Entry, ok: boolean): void {
    entry.place = "memory";
    if (ok && !entry.dropped) this.#settle(entry);
    else this.#forget(entry);
  }

  /** One that nobody uses (any more) is now the one used last. */
  #settle(entry: Entry): void {
    if (entry.place === "memory" && entry.uses === 0 && entry.bytes >= spillableBytesMin)
      this.#idle.set(entry.id, entry);
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.id);
    this.#idle.delete(entry.id);
    if (entry.place !== "disk") this.#residentBytes -= entry.bytes;
    if (entry.filed) this.#effects.push({ kind: "remove", id: entry.id });
  }

  #evict(entry: Entry): void {
    this.#idle.delete(entry.id);
    entry.place = "disk";
    this.#residentBytes -= entry.bytes;
    this.#effects.push({ kind: "evict", id: entry.id });
  }

  #balance(): void {
    if (this.#residentBytes <= this.#goalBytes) return;
    let excessBytes = this.#residentBytes - this.#goalBytes;
    for (const entry of this.#writing) if (entry.dropped || entry.uses === 0) excessBytes -= entry.bytes;
    for (const entry of this.#idle.values()) {
      if (excessBytes <= 0) return;
      if (entry.filed) this.#evict(entry);
      else if (this.#diskFailed || this.#writing.size >= writesMax) return;
      else this.#write(entry);
      excessBytes -= entry.bytes;
    }
  }

  #write(entry: Entry): void {
    this.#idle.delete(entry.id);
    entry.place = "writing";
    this.#writing.add(entry);
    this.#effects.push({ kind: "write", id: entry.id });
  }
}
