import { z } from "zod";
import { ConfigurationError } from "../protocol/errors.ts";
import { parseBytes, parseDuration } from "../protocol/units.ts";

/**
 * One option of a command. The same value may come from the command line (`--death-timeout`), the environment
 * (`MUSTER_DEATH_TIMEOUT`) or the configuration file (`deathTimeout`), so one schema reads the texts of all three.
 */
export interface Setting<T> {
  /** As commander writes it, such as `--port <number>`. */
  readonly flag: string;
  readonly description: string;
  readonly schema: z.ZodType<T>;
  /** What holds when nobody gives it. */
  readonly fallback: T;
  /** Given anew with each call, so neither the environment nor a file may set it. */
  readonly commandLineOnly: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a record of settings of many types is only assignable through `any`.
export type Settings = Readonly<Record<string, Setting<any>>>;

/** What a command gets: every setting of its own, read, with its default filled in. */
export type Values<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** A setting with a default, which `--help` shows through its description. */
export function setting<T>(flag: string, description: string, schema: z.ZodType<T>, fallback: T): Setting<T> {
  return { flag, description, schema, fallback, commandLineOnly: false };
}

/** A setting that may be absent. */
export function optional<T>(flag: string, description: string, schema: z.ZodType<T>): Setting<T | undefined> {
  return setting<T | undefined>(flag, description, schema, undefined);
}

/** A setting that only the command line gives. */
export function perCall<T>(flag: string, description: string, schema: z.ZodType<T>, fallback: T): Setting<T> {
  return { flag, description, schema, fallback, commandLineOnly: true };
}

/** Reads with a function that gives undefined for what it does not accept; `allowed` ends the sentence "give …". */
function reading<T>(allowed: string, read: (raw: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((raw, context) => {
    const value = read(raw);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message: `give ${allowed}` });
    return z.NEVER;
  });
}

export const text: z.ZodType<string> = reading("some text", (raw) =>
  typeof raw === "string" && raw.trim() !== "" ? raw : undefined,
);

/** Absent on the command line is absent; the other sources spell it out. */
export const yes: z.ZodType<boolean> = reading("true or false", (raw) => {
  if (raw === true || raw === "true" || raw === "1") return true;
  return raw === false || raw === "false" || raw === "0" ? false : undefined;
});

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): z.ZodType<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return reading(`a whole number ${range}`, (raw) => {
    const number = typeof raw === "string" && /^\d+$/.test(raw.trim()) ? Number(raw) : raw;
    return typeof number === "number" && Number.isInteger(number) && number >= min && number <= max
      ? number
      : undefined;
  });
}

export function oneOf<const Names extends readonly [string, ...string[]]>(...names: Names): z.ZodType<Names[number]> {
  const allowed = names.length < 2 ? names[0] : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  // The description is what shells complete from.
  return reading<Names[number]>(allowed, (raw) => names.find((name) => name === raw)).describe(names.join(" "));
}

export function either<A, B>(first: z.ZodType<A>, second: z.ZodType<B>): z.ZodType<A | B> {
  return z.unknown().transform((raw, context) => {
    const read = [first.safeParse(raw), second.safeParse(raw)];
    const good = read.find((result) => result.success);
    if (good?.success) return good.data;
    const message = read.map((result) => result.error?.issues[0]?.message ?? "").join(", or ");
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

function quantity(allowed: string, parse: (value: string | number) => number): z.ZodType<number> {
  return reading(allowed, (raw) => {
    if (typeof raw !== "string" && typeof raw !== "number") return undefined;
    try {
      return parse(raw);
    } catch (error) {
      if (error instanceof ConfigurationError) return undefined;
      throw error;
    }
  });
}

/** In milliseconds. */
export const duration: z.ZodType<number> = quantity('a duration such as "500ms", "5s", "10m" or "1h"', parseDuration);

/** In bytes. */
export const size: z.ZodType<number> = quantity('a size such as "512MiB", "2GiB" or "1.5GB"', parseBytes);

/** `GPU=2,foo=1`, or in a file an object of numbers. */
export const resources: z.ZodType<Readonly<Record<string, number>>> = reading(
  'names with amounts such as "GPU=2,foo=1"',
  (raw) => {
    const pairs: [string, unknown][] =
      typeof raw === "string"
        ? raw.split(",").map((pair) => {
            const [name = "", amount = "", ...rest] = pair.split("=");
            return [name.trim(), rest.length > 0 || amount.trim() === "" ? undefined : Number(amount)];
          })
        : Object.entries(typeof raw === "object" && raw !== null ? raw : { "": raw });
    const good = pairs.every(([name, amount]) => name !== "" && Number.isFinite(amount) && Number(amount) >= 0);
    return good ? (Object.fromEntries(pairs) as Record<string, number>) : undefined;
  },
);

/** `month=3` again and again; a value that is JSON is read as such, anything else stays text. */
export const parameters: z.ZodType<Readonly<Record<string, unknown>>> = reading(
  "a name and a value such as --param month=3",
  (raw) => {
    const pairs = (Array.isArray(raw) ? raw : [raw]).map((pair) => /^([^=]+)=(.*)$/s.exec(String(pair)));
    if (pairs.some((pair) => pair === null)) return undefined;
    return Object.fromEntries(pairs.map((pair) => [pair?.[1]?.trim(), jsonOrText(pair?.[2] ?? "")]));
  },
);

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
