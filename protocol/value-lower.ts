import type { Ref } from "./packing.ts";
import { Special } from "./packing.ts";
import { binaryKindOf, bytesOf } from "./value-binary.ts";
import type { Survey } from "./value-survey.ts";
import { isAwkwardKey, isAwkwardText, objectKind, ownPropertiesOf, shapeKeysMax } from "./value-survey.ts";

/** What a `Special` is: the first of its parts. The numbers are part of the protocol. */
export const specialKind = {
  negativeZero: 0,
  /** The UTF-16 code units of a string, as bytes. */
  text: 1,
  /** A dictionary: keys, then values. */
  dictionary: 2,
  /** Name, message, stack, own properties, then [cause] or [], and the errors of an AggregateError or undefined. */
  error: 3,
  /** The kind's number, then the bytes. */
  binary: 4,
  /** The kind's number, then the number of the chunk beside the head. */
  chunk: 5,
  /** Another place of the shared object of that number. */
  shared: 6,
  /** The empty beginnings of all shared objects; read before anything refers to them. */
  shells: 7,
  /** Shells, what belongs into each, and the value itself. */
  graph: 8,
} as const;

/** What the empty beginning of a shared object is; an error's is its name. */
export const shellKind = { array: 0, plain: 1, map: 2, set: 3 } as const;

/** Binaries of at least this size travel beside the head, in the memory they lie in. */
export const chunkBytesMin: number = 64 * 1024;

/** The second step of encoding: makes, of a surveyed value, one that msgpackr carries faithfully. */
export class Lowering {
  /** The binaries that travel beside the head. */
  readonly chunks: Uint8Array[] = [];
  readonly #replaced: ReadonlyMap<object, Ref>;
  readonly #shared: ReadonlyMap<object, number>;

  constructor(survey: Survey) {
    this.#replaced = survey.replaced;
    this.#shared = survey.shared;
  }

  whole(value: unknown): unknown {
    if (this.#shared.size === 0) return this.#lower(value);
    const objects = [...this.#shared.keys()];
    const shells = new Special(specialKind.shells, ...objects.map((object) => this.#shell(object)));
    const contents = objects.map((object) => (isLeaf(object) ? null : this.#content(object)));
    return new Special(specialKind.graph, shells, contents, this.#lower(value));
  }

  #lower(value: unknown): unknown {
    if (typeof value === "string")
      return isAwkwardText(value) ? new Special(specialKind.text, codeUnits(value)) : value;
    if (typeof value === "number") return Object.is(value, -0) ? new Special(specialKind.negativeZero) : value;
    if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
    const ref = this.#replaced.get(value);
    if (ref !== undefined) return ref;
    const number = this.#shared.get(value);
    return number === undefined ? this.#content(value) : new Special(specialKind.shared, number);
  }

  #content(object: object): unknown {
    switch (objectKind(object)) {
      case "array":
        return Array.from(object as readonly unknown[], (item) => this.#lower(item));
      case "plain":
        return this.#plain(object as Readonly<Record<string, unknown>>);
      case "map":
        return new Map(
          Array.from(object as ReadonlyMap<unknown, unknown>, ([key, item]) => [this.#lower(key), this.#lower(item)]),
        );
      case "set":
        return new Set(Array.from(object as ReadonlySet<unknown>, (item) => this.#lower(item)));
      case "error":
        return this.#error(object as Error);
      case "binary":
        return this.#binary(object as ArrayBuffer | ArrayBufferView);
      default:
        return object;
    }
  }

  #plain(object: Readonly<Record<string, unknown>>): unknown {
    const keys = Object.keys(object);
    if (keys.length > shapeKeysMax || keys.some(isAwkwardKey)) {
      return new Special(
        specialKind.dictionary,
        keys.map((key) => this.#lower(key)),
        keys.map((key) => this.#lower(object[key])),
      );
    }
    const lowered: Record<string, unknown> = {};
    for (const key of keys) lowered[key] = this.#lower(object[key]);
    return lowered;
  }

  #error(error: Error): Special {
    const own = error as unknown as Readonly<Record<string, unknown>>;
    return new Special(
      specialKind.error,
      this.#lower(String(error.name)),
      this.#lower(String(error.message)),
      this.#lower(String(error.stack ?? "")),
      this.#plain(Object.fromEntries(ownPropertiesOf(error).map((key) => [key, own[key]]))),
      Object.hasOwn(error, "cause") ? [this.#lower(error.cause)] : [],
      Object.hasOwn(error, "errors") ? this.#lower(own["errors"]) : undefined,
    );
  }

  #binary(binary: ArrayBuffer | ArrayBufferView): Special {
    const kind = binaryKindOf(Object.getPrototypeOf(binary));
    const bytes = bytesOf(binary);
    if (bytes.byteLength < chunkBytesMin) return new Special(specialKind.binary, kind, bytes);
    return new Special(specialKind.chunk, kind, this.chunks.push(bytes) - 1);
  }

  /** Objects that contain nothing are given whole, all others as the number of what to begin with. */
  #shell(object: object): unknown {
    const kind = objectKind(object);
    switch (kind) {
      case "array":
      case "plain":
      case "map":
      case "set":
        return shellKind[kind];
      case "error":
        return this.#lower(String((object as Error).name));
      default:
        return this.#content(object);
    }
  }
}

function isLeaf(object: object): boolean {
  const kind = objectKind(object);
  return kind === "leaf" || kind === "binary";
}

function codeUnits(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "utf16le"));
}
