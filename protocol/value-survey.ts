import { isNativeError } from "node:util/types";
import { ClusterError } from "./errors.ts";
import { Ref } from "./packing.ts";
import { binaryKindOf } from "./value-binary.ts";

/** Deeper values are refused: every reader must be able to follow, however small its stack. */
const nestingMax = 1_000;

/** Objects with more keys are dictionaries: msgpackr would learn a shape that never comes again. */
export const shapeKeysMax = 64;

/** Where a child is: an array index, an object's key, or words for a Map's or Set's entry. */
type Step = number | string | (() => string);

export type ObjectKind = "array" | "plain" | "map" | "set" | "error" | "leaf" | "binary";

const kindOfPrototype = new Map<object, ObjectKind>([
  [Map.prototype, "map"],
  [Set.prototype, "set"],
  [Date.prototype, "leaf"],
  [RegExp.prototype, "leaf"],
  [Ref.prototype, "leaf"],
]);

/** What kind of sendable object this is; undefined when it is none. */
export function objectKind(object: object): ObjectKind | undefined {
  const prototype: object | null = Object.getPrototypeOf(object);
  if (prototype === Object.prototype || prototype === null) return "plain";
  if (prototype === Array.prototype) return "array";
  const kind = kindOfPrototype.get(prototype);
  if (kind !== undefined) return kind;
  if (binaryKindOf(prototype) !== undefined) return "binary";
  if (object instanceof Error || isNativeError(object)) return "error";
  // Data made in another realm (`node:vm`, some test runners) has that realm's Object and Array.
  if (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf")) return "plain";
  return Array.isArray(object) && Object.hasOwn(prototype, "copyWithin") ? "array" : undefined;
}

/** Strings that UTF-8 or its decoders would change: lone surrogates, and a leading byte order mark. */
export const isAwkwardText = (text: string): boolean => text.charCodeAt(0) === 0xfeff || !text.isWellFormed();

/** Keys that msgpackr's objects cannot carry as they are. */
export const isAwkwardKey = (key: string): boolean => key === "__proto__" || key === "__keys__" || isAwkwardText(key);

/** The own enumerable properties of an error, beside those that every error has. */
export const ownPropertiesOf = (error: Error): string[] =>
  Object.keys(error).filter((key) => !standardErrorKeys.has(key));
const standardErrorKeys: ReadonlySet<string> = new Set(["message", "stack", "cause", "errors"]);

/**
 * One look at a whole value before it is packed: refuses what cannot be sent, naming its path, and finds out whether there
 * is anything that msgpackr alone would not carry faithfully, so that the common plain data is packed as it stands.
 */
export class Survey {
  /** Whether the value has to be lowered before it is packed. */
  special: boolean = false;
  /** Objects met more than once, in the order of their second meeting, with their numbers. */
  readonly shared: Map<object, number> = new Map();
  readonly replaced: Map<object, Ref> = new Map();
  readonly #label: string;
  readonly #replace: ((object: object) => Ref | undefined) | undefined;
  readonly #seen: Set<object> = new Set();
  readonly #path: Step[] = [];

  constructor(label: string, replace: ((object: object) => Ref | undefined) | undefined) {
    this.#label = label;
    this.#replace = replace;
  }

  visit(value: unknown, depth: number): void {
    switch (typeof value) {
      case "number":
        if (value === 0 && Object.is(value, -0)) this.special = true;
        return;
      case "string":
        if (isAwkwardText(value)) this.special = true;
        return;
      case "object":
        if (value !== null) this.#visitObject(value, depth);
        return;
      case "function":
        this.#visitFunction(value, depth);
        return;
      case "symbol":
        this.#refuse(depth, "is a symbol");
        return;
      default:
        return;
    }
  }

  /** A function may be what the caller replaces (a callable handle); otherwise it cannot be sent. */
  #visitFunction(value: object, depth: number): void {
    const ref = this.#replace?.(value);
    if (ref === undefined) this.#refuse(depth, "is a function");
    else this.#replaceBy(value, ref);
  }

  #replaceBy(object: object, ref: Ref): void {
    this.replaced.set(object, ref);
    this.special = true;
  }

  #visitObject(object: object, depth: number): void {
    if (this.#replace !== undefined) {
      const ref = this.#replace(object);
      if (ref !== undefined) {
        this.#replaceBy(object, ref);
        return;
      }
    }
    if (this.#seen.has(object)) {
      if (!this.shared.has(object)) this.shared.set(object, this.shared.size);
      this.special = true;
      return;
    }
    this.#seen.add(object);
    if (depth >= nestingMax) this.#refuse(depth, `nests deeper than ${nestingMax} levels`);
    const kind = objectKind(object);
    switch (kind) {
      case "array":
        this.#visitArray(object as readonly unknown[], depth);
        return;
      case "plain":
        this.#visitPlain(object as Record<string, unknown>, depth);
        return;
      case "map":
        this.#visitMap(object as Map<unknown, unknown>, depth);
        return;
      case "set":
        this.#visitSet(object as Set<unknown>, depth);
        return;
      case "error":
        this.#visitError(object as Error, depth);
        return;
      case "binary":
        this.special = true;
        return;
      case "leaf":
        return;
      case undefined:
        this.#refuse(depth, whyNot(object));
        return;
    }
  }

  #visitArray(array: readonly unknown[], depth: number): void {
    for (let index = 0; index < array.length; index++) {
      this.#path[depth] = index;
      this.visit(array[index], depth + 1);
    }
  }

  #visitPlain(object: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(object);
    if (keys.length > shapeKeysMax) this.special = true;
    for (const key of keys) {
      if (isAwkwardKey(key)) this.special = true;
      this.#path[depth] = key;
      this.visit(object[key], depth + 1);
    }
  }

  #visitMap(map: ReadonlyMap<unknown, unknown>, depth: number): void {
    let index = 0;
    for (const [key, value] of map) {
      const place = index++;
      this.#path[depth] = () => `.keys()[${place}]`;
      this.visit(key, depth + 1);
      this.#path[depth] = () =>
        typeof key === "object" && key !== null ? `.values()[${place}]` : `.get(${shown(key)})`;
      this.visit(value, depth + 1);
    }
  }

  #visitSet(set: ReadonlySet<unknown>, depth: number): void {
    let index = 0;
    for (const member of set) {
      const place = index++;
      this.#path[depth] = () => `.values()[${place}]`;
      this.visit(member, depth + 1);
    }
  }

  #visitError(error: Error, depth: number): void {
    this.special = true;
    for (const key of ["cause", "errors", ...ownPropertiesOf(error)]) {
      if (!Object.hasOwn(error, key)) continue;
      this.#path[depth] = key;
      this.visit((error as unknown as Record<string, unknown>)[key], depth + 1);
    }
  }

  #refuse(depth: number, why: string): never {
    const path = this.#label + this.#path.slice(0, depth).map(written).join("");
    throw new ClusterError("UNSENDABLE_VALUE", `${path} ${why}`, { details: { path } });
  }
}

function written(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step === "function") return step();
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
}

const shown = (key: unknown): string =>
  typeof key === "string" ? JSON.stringify(key) : typeof key === "bigint" ? `${key}n` : String(key);

function whyNot(object: object): string {
  if (typeof (object as { then?: unknown }).then === "function") return "is a promise: await it first";
  const name: unknown = object.constructor?.name;
  const of = typeof name === "string" && name !== "" ? `of class ${name}` : "with a prototype of its own";
  return `is an object ${of}, which would lose its methods: send its data as a plain object`;
}
