import { fileURLToPath } from "node:url";
import { type AnyFunction, isOwnFile } from "../protocol/task-registry.ts";

export interface CallSite {
  /** An absolute path where the code came from a file; else what the engine calls it, such as `[eval1]`. */
  readonly file: string;
  readonly line: number;
}

/**
 * Where `called` was called from, by the engine's structured stack. With `skipOwn`, frames of Muster's own modules are
 * passed over, so that a helper of ours that calls on behalf of the user is not taken for the user.
 */
export function callSite(called: AnyFunction, skipOwn: boolean): CallSite {
  for (const frame of framesAbove(called)) {
    const file = fileOf(frame.getFileName() ?? frame.getEvalOrigin() ?? "");
    if (file === "" || file.startsWith("node:") || (skipOwn && isOwnFile(file))) continue;
    return { file, line: frame.getLineNumber() ?? 0 };
  }
  return { file: "", line: 0 };
}

function framesAbove(called: AnyFunction): readonly NodeJS.CallSite[] {
  // Source-map tools replace prepareStackTrace; theirs is put back before anything else can run.
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: readonly NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = 50;
    Error.prepareStackTrace = (_error, frames) => frames;
    Error.captureStackTrace(holder, called);
    return holder.stack ?? [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** A module that a loader or a watcher imported anew carries a query: it is still the same file. */
function fileOf(name: string): string {
  const bare = name.replace(/[?#].*$/, "");
  return bare.startsWith("file://") ? fileURLToPath(bare) : bare;
}
