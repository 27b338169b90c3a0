import type { ErrorCode, WireError } from "../../protocol/errors.ts";

/** An error of the scheduler's own making, as it is sent to clients. */
export function wireError(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>): WireError {
  return details === undefined ? { code, message, retryable: false } : { code, message, retryable: false, details };
}
