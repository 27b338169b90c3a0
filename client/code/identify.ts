import { createHash } from "node:crypto";
import type { FnRef } from "../../protocol/code.ts";
import { ClusterError } from "../../protocol/errors.ts";
import {
  type AnyFunction,
  bundleOfTask,
  duplicateTask,
  isRepeated,
  place,
  type TaskDefinition,
  tasksOfFile,
} from "../../protocol/task-registry.ts";
import { type AnyTask, definitionOf, entryOf, isTask, type Submittable } from "../task.ts";
import { type Bundle, bundleModule } from "./bundle.ts";
import { BundleCache } from "./bundle-cache.ts";
import { inlineModule } from "./inline-function.ts";

/** How a worker is told which function to run, and the code to give it if it lacks that. */
export interface Identity {
  readonly ref: FnRef;
  /** Absent: every worker has it. */
  readonly bundle?: { readonly hash: string; readonly bytes: Uint8Array };
}

const bundles = new BundleCache(bundleModule);
/** Inline functions by their text: a loop that makes one anew each time is parsed once. */
const inlined = new Map<string, Promise<Identity>>();
const inlinedMax = 500;

/**
 * Bundles the module that defines a task (once for each state of its files), or wraps a self-contained inline function.
 * @throws ClusterError BUNDLE_FAILED, DUPLICATE_TASK, NOT_SELF_CONTAINED
 */
export function identify(fn: Submittable): Promise<Identity> {
  return isTask(fn) ? identifyTask(definitionOf(fn), entryOf(fn)) : identifyInline(fn);
}

async function identifyTask(definition: TaskDefinition, entry: string): Promise<Identity> {
  const { name } = definition;
  if (isRepeated(definition)) {
    throw new ClusterError(
      "DUPLICATE_TASK",
      `task "${name}" is made more than once at ${place(definition)}, and a worker could not tell which is meant: ` +
        "call task() once for each name, at the top level of a module",
      { details: { task: name, places: [place(definition)] } },
    );
  }
  const known = bundleOfTask(definition);
  if (known !== undefined) return { ref: { bundle: known, name, entry } };
  const bundle = await bundleOf(definition);
  return { ref: { bundle: bundle.hash, name, entry }, bundle };
}

async function bundleOf(definition: TaskDefinition): Promise<Bundle> {
  const { file } = definition;
  if (!/^([/\\]|[a-z]:)/i.test(file)) {
    throw new ClusterError(
      "BUNDLE_FAILED",
      `task "${definition.name}" was defined in ${file === "" ? "code that has no file" : file}: define it in a module file, which can be sent to workers`,
    );
  }
  const external = tasksOfFile(file).flatMap(({ task }) => (task as AnyTask).options.external ?? []);
  const bundle = await bundles.get(file, [...new Set(external)].sort());
  refuseDuplicates(bundle.files);
  return bundle;
}

/** All files of a bundle share one scope on the worker, while here each has its own. */
function refuseDuplicates(files: readonly string[]): void {
  const seen = new Map<string, TaskDefinition>();
  for (const definition of files.flatMap(tasksOfFile)) {
    const former = seen.get(definition.name);
    if (former !== undefined) throw duplicateTask(former, definition);
    seen.set(definition.name, definition);
  }
}

function identifyInline(fn: AnyFunction): Promise<Identity> {
  const text = fn.toString();
  const known = inlined.get(text);
  if (known !== undefined) return known;
  const identity = inlineModule(fn).then((module): Identity => {
    const bytes = Buffer.from(module);
    const hash = createHash("sha256").update(bytes).digest("hex");
    return { ref: { bundle: hash, name: "", entry: "call" }, bundle: { hash, bytes } };
  });
  inlined.set(text, identity);
  const [oldest] = inlined.keys();
  if (inlined.size > inlinedMax && oldest !== undefined) inlined.delete(oldest);
  return identity;
}
