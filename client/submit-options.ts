import { createHash } from "node:crypto";
import type { FutureId } from "../protocol/ids.ts";
import type { EncodedValue, TaskRequest } from "../protocol/messages.ts";
import { isTask, type Submittable } from "./task.ts";
import { checkOptions, type PlacementOptions, submitChecks, type TaskOptions } from "./task-options.ts";

/** Options of one submission. What is not given comes from the task's own options. */
export interface SubmitOptions extends PlacementOptions {
  /** The cluster's name for the task: tasks of equal key are one task. Default `name-number-uuid`. */
  key?: string | undefined;
  /** Equal calls of equal functions share one key, so that the cluster computes them once. Default false. */
  pure?: boolean | undefined;
  /** The run whose share of the cluster it uses. Default: one run for each client. */
  run?: string | undefined;
}

const noOptions: TaskOptions = Object.freeze({});
const requests = new WeakMap<TaskOptions, TaskRequest>();

/**
 * What a task asks of the cluster: its own options, overridden by those of the submission.
 * @throws ConfigurationError BAD_OPTION naming every problem.
 */
export function requestOf(fn: Submittable, options: SubmitOptions | undefined): TaskRequest {
  const own = isTask(fn) ? fn.options : noOptions;
  if (options === undefined) {
    // Submitting a task a hundred thousand times must not cost as many equal requests.
    const known = requests.get(own);
    if (known !== undefined) return known;
    const made = resolve(own);
    requests.set(own, made);
    return made;
  }
  checkOptions(`submitting ${nameOf(fn)}`, options, submitChecks);
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return resolve({ ...own, ...Object.fromEntries(given) });
}

function resolve(options: PlacementOptions): TaskRequest {
  const { retries = 0, priority = 0, resources = {}, workers = [], allowOtherWorkers = false, timeoutMs = 0 } = options;
  return { retries, priority, resources, workers, allowOtherWorkers, timeoutMs };
}

/** The name that a function has in keys: the scheduler derives the same one. */
export function nameOf(fn: Submittable): string {
  return isTask(fn) ? fn.name : "inline";
}

/** Makes the keys of tasks that were submitted without: the scheduler makes the same ones. `prefix` ends them. */
export function defaultKeys(fn: Submittable, prefix: string): (future: FutureId) => string {
  return (future) => `${nameOf(fn)}-${future}-${prefix}`;
}

export function isPure(fn: Submittable, options: SubmitOptions | undefined): boolean {
  return options?.pure ?? (isTask(fn) && fn.options.pure === true);
}

/** The key of a pure call: by the function's name and text, its arguments, and the keys of the futures among them. */
export function pureKey(fn: Submittable, args: EncodedValue, depKeys: readonly string[]): string {
  const hash = createHash("sha256").update(isTask(fn) ? fn.run.toString() : fn.toString());
  for (const bytes of args) hash.update(`\n${bytes.byteLength}\n`).update(bytes);
  hash.update(JSON.stringify(depKeys));
  return `${nameOf(fn)}-${hash.digest("hex").slice(0, 32)}`;
}
