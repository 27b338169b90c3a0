import { fileURLToPath } from "node:url";
import { ownBundle } from "./code.ts";
import { ClusterError } from "./errors.ts";

/** Any function: what its author takes as arguments, a task takes. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are contravariant, and only any suits them all.
export type AnyFunction = (...args: any[]) => unknown;

/** A function that was given an identity by task(). */
export interface TaskDefinition {
  readonly name: string;
  readonly fn: AnyFunction;
  /** The defining module, from the call site: an absolute path where there is one. */
  readonly file: string;
  readonly line: number;
  /** The Task that task() returned. */
  readonly task: object;
}

/** How a FnRef.entry other than "call" wraps a task: what it returns is called with the submitted arguments. */
export type Entry = (definition: TaskDefinition) => AnyFunction;

/** The tasks of one scope by name. A scope is a defining file, a bundle's hash, or `ownBundle`. */
const scopes = new Map<string, Map<string, TaskDefinition>>();
/** The same call of task() made twice, which is fine until somebody wants to submit one of the two. */
const repeated = new WeakSet<TaskDefinition>();
const entries = new Map<string, Entry>();

const codeRoot = fileURLToPath(new URL("..", import.meta.url));
/** Stacks name the sources, from which dist/ was built, where source maps are on. */
const packageRoot = codeRoot.replace(/dist[\\/]$/, "");
const ownFolders = "protocol|scheduler|worker|client|flow|cluster|agent|report|cli|testing";

/** Matches the absolute paths of Muster's own modules, and not those of tests and examples that lie beside them. */
export const ownSourcePattern: RegExp = new RegExp(
  `^${packageRoot.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?:dist[\\\\/])?(?:(?:${ownFolders})/.*|index\\.[jt]s$)`,
);

/** Whether a module is one of Muster's own, which every worker has. */
export function isOwnFile(file: string): boolean {
  return ownSourcePattern.test(file);
}

/**
 * Tasks register when their module runs. On a client the scope is the defining file; in a slot it is the bundle being
 * imported.
 * @throws ClusterError DUPLICATE_TASK when two places give the same name in one scope.
 */
export function registerTask(definition: TaskDefinition): void {
  const scope = isOwnFile(definition.file) ? ownBundle : (importing ?? definition.file);
  const tasks = scopes.get(scope) ?? new Map<string, TaskDefinition>();
  scopes.set(scope, tasks);
  const former = tasks.get(definition.name);
  if (former !== undefined) {
    if (former.file !== definition.file || former.line !== definition.line) throw duplicateTask(former, definition);
    // A function that makes tasks was called again. Which of them a worker would run cannot be told from the name, but
    // in this process each works; so the error waits until one is submitted.
    repeated.add(former).add(definition);
  }
  tasks.set(definition.name, definition);
}

/** The error for two tasks of one name that would land in one bundle. */
export function duplicateTask(one: TaskDefinition, other: TaskDefinition): ClusterError {
  return new ClusterError(
    "DUPLICATE_TASK",
    `two tasks are named "${one.name}": one at ${place(one)}, one at ${place(other)}. ` +
      "A worker finds a task by its name: give one of them another name",
    { details: { task: one.name, places: [place(one), place(other)] } },
  );
}

/** Where a task is defined, as `file:line`. */
export function place(definition: TaskDefinition): string {
  return `${definition.file}:${definition.line}`;
}

/** Whether the place that made this task has made another one of the same name. */
export function isRepeated(definition: TaskDefinition): boolean {
  return repeated.has(definition);
}

let importing: string | undefined;
let lastLoad: Promise<unknown> = Promise.resolve();

/** For slots: tasks that are registered while `load` imports a module belong to `bundle`. Loads run one after another. */
export function withScope<T>(bundle: string, load: () => Promise<T>): Promise<T> {
  const loaded = lastLoad.then(async () => {
    importing = bundle;
    try {
      return await load();
    } finally {
      importing = undefined;
    }
  });
  lastLoad = loaded.catch(() => undefined);
  return loaded;
}

/** True while a slot imports a user's module: code that runs now must not connect to a cluster or start a flow. */
export function importingInSlot(): boolean {
  return importing !== undefined;
}

/** The task of this name that a bundle (or `ownBundle`) defines. */
export function findTask(bundle: string, name: string): TaskDefinition | undefined {
  return scopes.get(bundle)?.get(name);
}

/** The bundle that defines a task in this process, if it came from one: `ownBundle`, or in a slot its hash. */
export function bundleOfTask(definition: TaskDefinition): string | undefined {
  if (isOwnFile(definition.file)) return ownBundle;
  for (const [scope, tasks] of scopes) {
    if (scope !== definition.file && tasks.get(definition.name) === definition) return scope;
  }
  return undefined;
}

/** The tasks that a file has defined in this process. */
export function tasksOfFile(file: string): readonly TaskDefinition[] {
  return [...(scopes.get(file)?.values() ?? [])];
}

/** Makes `entry` the way to call a task whose FnRef.entry is `name`. */
export function registerEntry(name: string, entry: Entry): void {
  entries.set(name, entry);
}

export function findEntry(name: string): Entry | undefined {
  return entries.get(name);
}
