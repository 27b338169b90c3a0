import { fileURLToPath } from "node:url";
import type { WireError } from "./errors.ts";
import { isOwnFile } from "./task-registry.ts";

const frameLine = /^\s+at /;
const fileOfFrame = /\(?((?:file:\/\/|node:|\/|[A-Za-z]:\\)[^()]*?)(?::\d+){1,2}\)?$/;

/** A stack without the frames at its end that lie in Muster or Node: where user code was called from tells users nothing. */
export function cutOwnFrames(stack: string): string {
  const lines = stack.split("\n");
  let length = lines.length;
  while (length > 0 && isOwnFrame(lines[length - 1] ?? "")) length -= 1;
  // A stack with none but our own frames is an error of ours: then they are what is wanted.
  return lines.slice(0, length).some((line) => frameLine.test(line)) ? lines.slice(0, length).join("\n") : stack;
}

/** An error with the stacks of itself and all its causes cut. */
export function withoutOwnFrames(error: WireError): WireError {
  return {
    ...error,
    ...(error.stack === undefined ? {} : { stack: cutOwnFrames(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: withoutOwnFrames(error.cause) }),
  };
}

function isOwnFrame(line: string): boolean {
  if (!frameLine.test(line)) return false;
  const file = fileOfFrame.exec(line)?.[1];
  if (file === undefined) return /\(<anonymous>\)$/.test(line);
  if (file.startsWith("node:")) return true;
  return isOwnFile(file.startsWith("file:") ? fileURLToPath(file) : file);
}
