import { randomUUID } from "node:crypto";
import type { SubmitExtra, Submittable } from "../executor.ts";

/** The key asked for, or `name-index-uuid`: readable by name and position, unique whatever else runs on the cluster. */
export function taskKey(fn: Submittable, index: number, extra: SubmitExtra): string {
  return extra.key ?? `${taskName(fn, extra)}-${index}-${randomUUID()}`;
}

function taskName(fn: Submittable, extra: SubmitExtra): string {
  if (extra.name !== undefined && extra.name !== "") return extra.name;
  return fn.name === "" ? "task" : fn.name;
}
