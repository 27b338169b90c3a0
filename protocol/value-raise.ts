import type { Reader } from "./packing.ts";
import { binaryFrom } from "./value-binary.ts";
import { shellKind, specialKind } from "./value-lower.ts";

const errorClasses: ReadonlyMap<string, new (message: string) => Error> = new Map<
  string,
  new (
    message: string,
  ) => Error
>([
  ["EvalError", EvalError],
  ["RangeError", RangeError],
  ["ReferenceError", ReferenceError],
  ["SyntaxError", SyntaxError],
  ["TypeError", TypeError],
  ["URIError", URIError],
]);

/** Undoes a `Lowering` while msgpackr reads: innermost first, so that all parts of a special are already whole. */
export class Raising implements Reader {
  readonly #chunks: readonly Uint8Array[];
  readonly #refs: readonly unknown[];
  readonly #shells: unknown[] = [];

  constructor(chunks: readonly Uint8Array[], refs: readonly unknown[]) {
    this.#chunks = chunks;
    this.#refs = refs;
  }

  ref(index: unknown): unknown {
    return at(this.#refs, index, "input");
  }

  compact(): never {
    throw new Error("a frame's messages stand inside a value");
  }

  attachment(): never {
    throw new Error("a value holds a frame's attachment");
  }

  special(parts: unknown): unknown {
    if (!Array.isArray(parts)) throw new Error("a special without parts");
    const [kind, first, second, third] = parts;
    switch (kind) {
      case specialKind.negativeZero:
        return -0;
      case specialKind.text:
        return Buffer.from(asBytes(first)).toString("utf16le");
      case specialKind.dictionary:
        return dictionary(asArray(first), asArray(second));
      case specialKind.error:
        return error(parts);
      case specialKind.binary:
        return binaryFrom(Number(first), ownedBytes(second));
      case specialKind.chunk:
        return binaryFrom(Number(first), at(this.#chunks, second, "chunk") as Uint8Array);
      case specialKind.shared:
        return at(this.#shells, first, "shared object");
      case specialKind.shells:
        for (let index = 1; index < parts.length; index++) this.#shells.push(shell(parts[index]));
        return null;
      case specialKind.graph:
        asArray(second).forEach((content, index) => {
          fill(this.#shells[index], content);
        });
        return third;
      default:
        throw new Error(`there is no special ${String(kind)}`);
    }
  }
}

function at(items: readonly unknown[], index: unknown, what: string): unknown {
  if (typeof index !== "number" || !(index >= 0 && index < items.length))
    throw new Error(`${what} ${String(index)} is not there`);
  return items[index];
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error("a list is missing");
  return value;
}

function asBytes(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error("bytes are missing");
  return value;
}

/** msgpackr has copied small binaries out of the head, each into memory of its own: a Buffer, which is aligned. */
const ownedBytes = asBytes;

function dictionary(keys: readonly unknown[], values: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  keys.forEach((key, index) => {
    define(object, String(key), values[index]);
  });
  return object;
}

/** Sets a data property whatever its name: assigning to `__proto__` would change the prototype instead. */
function define(object: object, key: string, value: unknown, enumerable = true): void {
  Object.defineProperty(object, key, { value, enumerable, configurable: true, writable: true });
}

function emptyError(name: unknown): Error {
  return name === "AggregateError" ? new AggregateError([]) : new (errorClasses.get(String(name)) ?? Error)("");
}

function error(parts: readonly unknown[]): Error {
  const [, name, message, stack, own, cause, errors] = parts;
  const made = emptyError(name);
  define(made, "message", message, false);
  define(made, "stack", stack, false);
  if (made.name !== name) define(made, "name", name, false);
  if (errors !== undefined) define(made, "errors", errors, false);
  if (asArray(cause).length > 0) define(made, "cause", asArray(cause)[0], false);
  if (typeof own === "object" && own !== null) for (const [key, value] of Object.entries(own)) define(made, key, value);
  return made;
}

function shell(kind: unknown): unknown {
  switch (kind) {
    case shellKind.array:
      return [];
    case shellKind.plain:
      return {};
    case shellKind.map:
      return new Map();
    case shellKind.set:
      return new Set();
    default:
      return typeof kind === "string" ? emptyError(kind) : kind;
  }
}

/** Moves what was read for a shared object into the object that everything refers to. */
function fill(target: unknown, content: unknown): void {
  if (Array.isArray(target)) for (const item of asArray(content)) target.push(item);
  else if (target instanceof Map && content instanceof Map) for (const [key, value] of content) target.set(key, value);
  else if (target instanceof Set && content instanceof Set) for (const value of content) target.add(value);
  else if (typeof target === "object" && target !== null && typeof content === "object" && content !== null) {
    Object.defineProperties(target, Object.getOwnPropertyDescriptors(content));
  }
}
