import { randomUUID } from "node:crypto";
import { isTask } from "../../client/task.ts";
import type { SubmitExtra, Submittable } from "../executor.ts";

/** What an executor on this machine has to know of a submission besides its function and arguments. */
export interface Submission {
  readonly key: string;
  /** What progress and reports show. */
  readonly name: string;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly priority: number;
}

/** What was asked for with the submission; else what the task itself asks for; else the defaults. */
export function resolveSubmission(fn: Submittable, index: number, extra: SubmitExtra): Submission {
  const own = isTask(fn) ? fn.options : {};
  return {
    key: submissionKey(fn, index, extra),
    name: nameOf(fn, extra),
    timeoutMs: extra.timeoutMs ?? own.timeoutMs ?? 0,
    priority: extra.priority ?? own.priority ?? 0,
  };
}

/** The key asked for, or `name-index-uuid`: readable by name and position, unique whatever else runs on the cluster. */
export function submissionKey(fn: Submittable, index: number, extra: SubmitExtra): string {
  return extra.key ?? `${nameOf(fn, extra)}-${index}-${randomUUID()}`;
}

function nameOf(fn: Submittable, extra: SubmitExtra): string {
  if (extra.name !== undefined && extra.name !== "") return extra.name;
  return fn.name === "" ? "task" : fn.name;
}
