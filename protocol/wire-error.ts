import { inspect } from "node:util";
import { isNativeError } from "node:util/types";
import type { ErrorCode, ErrorOptions, WireError } from "./errors.ts";
import {
  CancelledError,
  ClusterError,
  ConfigurationError,
  InvariantViolation,
  ProtocolError,
  TaskError,
  WorkerLostError,
} from "./errors.ts";

/** Longer chains of causes are cut, so that no error can grow without bound on its way. */
const causesMax = 8;
/** Longer messages and stacks are cut. The end of a stack says less than its beginning. */
const textLengthMax = 32 * 1024;
/** Details that take more than this as JSON are left out. */
const detailsLengthMax = 64 * 1024;

/**
 * Makes of anything that was thrown what can cross a socket: name, message, stack, own properties, and the chain of causes.
 * What is no error of ours gets the code `fallback` (default TASK_FAILED). Never throws, whatever it is given.
 */
export function toWireError(error: unknown, fallback: ErrorCode = "TASK_FAILED"): WireError {
  return convert(error, fallback, causesMax, new Set());
}

function convert(thrown: unknown, fallback: ErrorCode, causesLeft: number, seen: Set<unknown>): WireError {
  seen.add(thrown);
  try {
    if (!(thrown instanceof Error || isNativeError(thrown))) return ofNonError(thrown, fallback);
    const ours = thrown instanceof ClusterError;
    const below = causeOf(thrown);
    const followed = below !== undefined && causesLeft > 0 && !seen.has(below);
    return {
      code: ours ? thrown.code : fallback,
      message: cut(messageOf(thrown)),
      retryable: ours && thrown.retryable,
      name: String(thrown.name),
      stack: typeof thrown.stack === "string" ? cut(thrown.stack) : undefined,
      details: plainDetails(ours ? thrown.details : ownPropertiesOf(thrown)),
      cause: followed ? convert(below, "TASK_FAILED", causesLeft - 1, seen) : undefined,
    };
  } catch (error) {
    // A getter or a proxy of the user's threw while the error was read.
    const why = error instanceof Error ? error.message : "another error was thrown meanwhile";
    return { code: fallback, message: `an error that cannot be read was thrown (${why})`, retryable: false };
  }
}

function ofNonError(thrown: unknown, fallback: ErrorCode): WireError {
  const shown = cut(inspect(thrown, { depth: 3, maxArrayLength: 20, maxStringLength: 1_000 }));
  return {
    code: fallback,
    message: `something that is no Error was thrown: ${shown}`,
    retryable: false,
    name: nonErrorName,
    details: { thrown: shown },
  };
}

/** The name under which a thrown non-Error travels. */
const nonErrorName = "NonError";

function messageOf(error: Error): string {
  if (!(error instanceof AggregateError) || error.errors.length === 0) return String(error.message);
  const inner = error.errors.slice(0, 5).map((each: unknown) => (each instanceof Error ? each.message : inspect(each)));
  const more = error.errors.length > inner.length ? `; and ${error.errors.length - inner.length} more` : "";
  return `${error.message === "" ? "several errors" : error.message}: ${inner.join("; ")}${more}`;
}

/** An AggregateError without a cause of its own is explained best by the first of its errors. */
const causeOf = (error: Error): unknown =>
  error.cause ?? (error instanceof AggregateError ? (error.errors[0] as unknown) : undefined);

function ownPropertiesOf(error: Error): Record<string, unknown> {
  const {
    name: _name,
    message: _message,
    stack: _stack,
    cause: _cause,
    errors: _errors,
    ...own
  } = error as Error & {
    errors?: unknown;
  };
  return own;
}

/** The part of the details that is plain data; undefined when there is none. */
function plainDetails(details: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const plain: Record<string, unknown> = {};
  let length = 0;
  for (const [key, value] of Object.entries(details)) {
    const json = asJson(value);
    if (json === undefined || length + json.length > detailsLengthMax || unsafeKeys.has(key)) continue;
    length += json.length;
    plain[key] = JSON.parse(json, (inner, each) => (unsafeKeys.has(inner) ? undefined : each));
  }
  return length === 0 ? undefined : plain;
}

/** Keys that mean something to JavaScript or to msgpackr, and nothing to whoever reads an error's details. */
const unsafeKeys: ReadonlySet<string> = new Set(["__proto__", "__keys__"]);

function asJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // Cyclic, or holding a BigInt: it only served machines, and the message stands without it.
    return undefined;
  }
}

const cut = (text: string): string => (text.length > textLengthMax ? `${text.slice(0, textLengthMax)}…` : text);

type ErrorClass = new (code: ErrorCode, message: string, options: ErrorOptions) => ClusterError;

const classOfName: ReadonlyMap<string, ErrorClass> = new Map<string, ErrorClass>([
  ["ClusterError", ClusterError],
  ["TaskError", TaskError],
  ["ConfigurationError", ConfigurationError],
  ["ProtocolError", ProtocolError],
]);

const classOfCode: ReadonlyMap<ErrorCode, ErrorClass> = new Map<ErrorCode, ErrorClass>([
  ["TASK_FAILED", TaskError],
  ["TASK_TIMED_OUT", TaskError],
  ["TASK_EXITED", TaskError],
  ["TASK_OUT_OF_MEMORY", TaskError],
  ["BAD_OPTION", ConfigurationError],
  ["BAD_ADDRESS", ConfigurationError],
  ["BAD_TOKEN", ProtocolError],
  ["VERSION_MISMATCH", ProtocolError],
  ["BAD_FRAME", ProtocolError],
]);

/** Errors that have exactly one code, so that their constructors take none. */
const classOfSoleCode: ReadonlyMap<ErrorCode, new (message: string, options: ErrorOptions) => ClusterError> = new Map<
  ErrorCode,
  new (
    message: string,
    options: ErrorOptions,
  ) => ClusterError
>([
  ["WORKER_LOST", WorkerLostError],
  ["CANCELLED", CancelledError],
  ["INVARIANT_VIOLATION", InvariantViolation],
]);

/** Whether the error was one of ours where it was thrown; the core makes its wire errors without a name. */
const isOurs = (wire: WireError): boolean =>
  wire.name === undefined || classOfName.has(wire.name) || classOfSoleCode.has(wire.code);

/**
 * The error that a wire error tells of, of the class that belongs to its code, with the stack of where it was thrown. A
 * user's own error becomes a plain Error of the original name below a `TaskError`.
 */
export function fromWireError(wire: WireError): ClusterError | Error {
  if (isOurs(wire) || wire.code !== "TASK_FAILED") return ourError(wire);
  const cause = userError(wire);
  return new TaskError("TASK_FAILED", `the task threw ${wire.name}: ${wire.message}`, {
    cause,
    retryable: wire.retryable,
  });
}

const causeFrom = (wire: WireError): Error => (isOurs(wire) ? ourError(wire) : userError(wire));

function ourError(wire: WireError): ClusterError {
  const options: ErrorOptions = {
    retryable: wire.retryable,
    details: wire.details ?? {},
    ...(wire.cause === undefined ? {} : { cause: causeFrom(wire.cause) }),
  };
  const sole = classOfSoleCode.get(wire.code);
  const error =
    sole === undefined
      ? new (classOfName.get(wire.name ?? "") ?? classOfCode.get(wire.code) ?? ClusterError)(
          wire.code,
          wire.message,
          options,
        )
      : new sole(wire.message, options);
  return withStack(error, wire);
}

function userError(wire: WireError): Error {
  const error = new Error(wire.message, wire.cause === undefined ? undefined : { cause: causeFrom(wire.cause) });
  Object.defineProperty(error, "name", { value: wire.name, configurable: true, writable: true });
  for (const [key, value] of Object.entries(wire.details ?? {})) {
    Object.defineProperty(error, key, { value, configurable: true, writable: true, enumerable: true });
  }
  return withStack(error, wire);
}

function withStack<E extends Error>(error: E, wire: WireError): E {
  if (wire.stack !== undefined)
    Object.defineProperty(error, "stack", { value: wire.stack, configurable: true, writable: true });
  return error;
}
