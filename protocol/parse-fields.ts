import { z } from "zod";
import type { FnRef } from "./code.ts";
import type { ErrorCode, WireError } from "./errors.ts";
import { ProtocolError } from "./errors.ts";
import type { FnId, FutureId, TaskId } from "./ids.ts";
import { bulkLengthMax, keyPartCharsMax, listLengthMax, nameCharsMax, textCharsMax } from "./limits.ts";
import type { EncodedValue } from "./messages.ts";

// The fields that several messages share, with their limits. What is bounded here needs no bound anywhere else.

const causesMax = 16;
const detailsNestingMax = 32;

export const uint: z.ZodType<number> = z.int().min(0);
export const amount: z.ZodType<number> = z.number().min(0);
export const finite: z.ZodType<number> = z.number();
export const flag: z.ZodType<boolean> = z.boolean();
export const name: z.ZodType<string> = z.string().max(nameCharsMax);
export const keyPart: z.ZodType<string> = z.string().max(keyPartCharsMax);
export const text: z.ZodType<string> = z.string().max(textCharsMax);
export const hash: z.ZodType<string> = z.string().regex(/^[0-9a-f]{64}$/, "must be a sha256 in hexadecimal");

/** A branded number is, on the wire, any safe non-negative integer. */
const id = <Id extends number>(): z.ZodType<Id> => uint as unknown as z.ZodType<Id>;
export const taskId: z.ZodType<TaskId> = id<TaskId>();
export const futureId: z.ZodType<FutureId> = id<FutureId>();
export const fnId: z.ZodType<FnId> = id<FnId>();

export const list = <T>(item: z.ZodType<T>): z.ZodType<readonly T[]> => z.array(item).max(listLengthMax);
export const bulk = <T>(item: z.ZodType<T>): z.ZodType<readonly T[]> => z.array(item).max(bulkLengthMax);
export const amounts: z.ZodType<Readonly<Record<string, number>>> = z.record(name, amount);

export const bytes: z.ZodType<Uint8Array> = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array,
  "must be bytes",
);
export const encodedValue: z.ZodType<EncodedValue> = z.array(bytes).min(1).max(listLengthMax);

export const fnRef: z.ZodType<FnRef> = z.object({
  bundle: z.union([z.literal("muster"), hash]),
  name: keyPart,
  entry: name,
});

/** Anything at all, as long as nothing that walks it can overflow its stack. */
export const shallow: z.ZodType<unknown> = z.custom<unknown>(
  (value) => nestsAtMost(value, detailsNestingMax),
  `must not nest deeper than ${detailsNestingMax} levels`,
);

function nestsAtMost(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return true;
  return levels > 0 && Object.values(value).every((item) => nestsAtMost(item, levels - 1));
}

const errorCode = z.string().max(100) as unknown as z.ZodType<ErrorCode>;

function wireErrorWithin(causes: number): z.ZodType<WireError> {
  return z.object({
    code: errorCode,
    message: text,
    retryable: flag,
    name: name.optional(),
    stack: text.optional(),
    details: z.record(name, shallow).optional(),
    cause: causes === 0 ? z.undefined().optional() : wireErrorWithin(causes - 1).optional(),
  });
}

export const wireError: z.ZodType<WireError> = wireErrorWithin(causesMax);

/** Turns what arrived into a message of one direction, or throws a ProtocolError BAD_FRAME. */
export interface Parse<T> {
  (message: unknown): T;
  /** The ops whose compact form says all that there is to check. Default: none. */
  readonly compact?: ReadonlySet<string>;
}

/** Makes the parser of one direction. The error says which message and which field it was. */
export function parserOf<T>(direction: string, schema: z.ZodType<T>, compact: readonly string[] = []): Parse<T> {
  const parse = (message: unknown): T => {
    const parsed = schema.safeParse(message);
    if (parsed.success) return parsed.data;
    throw new ProtocolError("BAD_FRAME", `${describe(message, direction)}: ${problems(parsed.error)}`);
  };
  return Object.assign(parse, { compact: new Set(compact) });
}

function describe(message: unknown, direction: string): string {
  const op = typeof message === "object" && message !== null && "op" in message ? message.op : undefined;
  return typeof op === "string"
    ? `the message "${op.slice(0, 50)}" ${direction} is malformed`
    : `a message ${direction} has no op`;
}

function problems(error: z.ZodError): string {
  const [first] = error.issues;
  if (first === undefined) return "it does not fit";
  const field = first.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
  return field === "" ? first.message : `${field.slice(1)}: ${first.message}`;
}
