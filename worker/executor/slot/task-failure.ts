import { isNativeError } from "node:util/types";
import { ClusterError, type ErrorCode, type WireError } from "../../../protocol/errors.ts";
import { withoutOwnFrames } from "../../../protocol/own-frames.ts";
import { toWireError } from "../../../protocol/wire-error.ts";

/** A thrown value that is no Error is shown up to this length. */
const shownCharsMax = 200;

/** What a task's own function threw. */
export function thrownByTask(key: string, thrown: unknown): WireError {
  return taskFailed(key, thrown, "");
}

/** What code of a task threw where nobody could catch it. */
export function thrownUncaught(key: string, thrown: unknown): WireError {
  return taskFailed(key, thrown, " in code that it started and did not await");
}

/** What kept a task from being called, or its result from being sent. */
export function prevented(key: string, what: string, error: unknown, fallback: ErrorCode): WireError {
  const wire = withoutOwnFrames(toWireError(error, fallback));
  const message = `Task "${key}" ${what}: ${wire.message}`;
  // The error of ours is told by this one; what lies below it is the user's.
  const cause = error instanceof ClusterError ? wire.cause : wire;
  return { ...failure(wire.code, key, message, wire.details), cause };
}

function taskFailed(key: string, thrown: unknown, where: string): WireError {
  const cause = withoutOwnFrames(toWireError(thrown));
  if (!(thrown instanceof Error || isNativeError(thrown))) {
    const shown = describe(thrown, String(cause.details?.["thrown"]));
    return failure("TASK_FAILED", key, `Task "${key}" threw ${shown}${where}`, cause.details);
  }
  const message = `Task "${key}" failed${where}: ${cause.name}: ${cause.message}`;
  // Whoever prints no more than the outer stack still finds the user's file and line in it.
  const frames = /(?:\n\s+at .*)+$/.exec(cause.stack ?? "")?.[0] ?? "";
  return { ...failure("TASK_FAILED", key, message), stack: `TaskError: ${message}${frames}`, cause };
}

function failure(code: ErrorCode, key: string, message: string, details: object = {}): WireError {
  return {
    code,
    message,
    retryable: false,
    name: "TaskError",
    stack: `TaskError: ${message}`,
    details: { ...details, key },
  };
}

/** `a string, not an Error: "boom"`. */
function describe(thrown: unknown, inspected: string): string {
  if (thrown === null || thrown === undefined) return `${thrown}, not an Error`;
  const shown = typeof thrown === "string" ? JSON.stringify(thrown) : inspected;
  const cut = shown.length > shownCharsMax ? `${shown.slice(0, shownCharsMax)}…` : shown;
  return `${typeof thrown === "object" ? "an object" : `a ${typeof thrown}`}, not an Error: ${cut}`;
}
