import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import type { FnRef } from "../../../protocol/code.ts";
import { ownBundle } from "../../../protocol/code.ts";
import { ClusterError } from "../../../protocol/errors.ts";
import { ownModuleUrl } from "../../../protocol/own-module.ts";
import type { Entry } from "../../../protocol/task-registry.ts";
import { findEntry, findTask, tasksOfFile, withScope } from "../../../protocol/task-registry.ts";

export type TaskFunction = (...args: unknown[]) => unknown;
type Module = Readonly<Record<string, unknown>>;

/** The modules that this slot has imported or is importing, by bundle. */
const modules = new Map<string, Promise<Module>>();

/** Those that were imported. */
const imported = new Map<string, Module>();

/** The function that a FnRef names, if nothing has to be imported for it. */
export function loadedTask(fn: FnRef): TaskFunction | undefined {
  const module = fn.entry === "call" ? imported.get(fn.bundle) : undefined;
  if (module === undefined) return undefined;
  if (fn.name !== "") return findTask(fn.bundle, fn.name)?.fn;
  const inline = module["default"];
  return typeof inline === "function" ? (inline as TaskFunction) : undefined;
}

/**
 * The function that a FnRef names, its module being imported at the first need.
 * @throws ClusterError CODE_FAILED when the module cannot be loaded, TASK_NOT_FOUND when it does not define the task.
 */
export async function loadTask(fn: FnRef, codePath: string | undefined): Promise<TaskFunction> {
  const module = fn.bundle === ownBundle ? await importOwn() : await importBundle(fn.bundle, codePath);
  if (fn.name === "" && fn.entry === "call") {
    const inline = module["default"];
    if (typeof inline === "function") return inline as TaskFunction;
    throw notFound(fn, "its module has no function as its default export");
  }
  const definition = findTask(fn.bundle, fn.name);
  if (definition === undefined) throw notFound(fn, whatIsDefined(fn));
  if (fn.entry === "call") return definition.fn;
  return (await loadEntry(fn))(definition);
}

/** Entries are registered by Muster's own modules, which a slot imports only when a task asks for them. */
async function loadEntry(fn: FnRef): Promise<Entry> {
  const known = findEntry(fn.entry);
  if (known !== undefined) return known;
  await importOwn();
  const entry = findEntry(fn.entry);
  if (entry === undefined) throw notFound(fn, `this version of Muster has no entry "${fn.entry}" to call it through`);
  return entry;
}

function importOwn(): Promise<Module> {
  const url = ownModuleUrl("muster");
  if (url === undefined) throw new ClusterError("CODE_FAILED", "Muster's own module is missing");
  return importOnce(ownBundle, url);
}

function importBundle(bundle: string, codePath: string | undefined): Promise<Module> {
  if (codePath === undefined) throw new ClusterError("CODE_FAILED", `it came without the file of its bundle ${bundle}`);
  return importOnce(bundle, pathToFileURL(codePath).href);
}

async function importOnce(bundle: string, url: string): Promise<Module> {
  let module = modules.get(bundle);
  if (module === undefined) {
    module = withScope(bundle, () => import(url) as Promise<Module>);
    modules.set(bundle, module);
  }
  try {
    const loaded = await module;
    imported.set(bundle, loaded);
    return loaded;
  } catch (error) {
    // The next task that needs it tries again: what was missing may have been installed meanwhile.
    modules.delete(bundle);
    throw codeFailed(error);
  }
}

function codeFailed(cause: unknown): ClusterError {
  const { name, message, code } = (cause instanceof Error ? cause : new Error(inspect(cause))) as NodeJS.ErrnoException;
  if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
    const module = /Cannot find (?:package|module) '([^']+)'/.exec(message)?.[1] ?? message;
    return new ClusterError(
      "CODE_FAILED",
      `its code needs the module "${module}", which is not there where the worker runs. Install it there, ` +
        "or import it by a literal name, so that it is bundled and travels with the code",
      { cause, details: { module } },
    );
  }
  return new ClusterError("CODE_FAILED", `its module could not be loaded: ${name}: ${message}`, { cause });
}

function whatIsDefined(fn: FnRef): string {
  const names = tasksOfFile(fn.bundle).map((definition) => `"${definition.name}"`);
  const defines = names.length === 0 ? "no task at all" : names.join(", ");
  return (
    `its module does not define a task named "${fn.name}", but ${defines}. ` +
    "A worker runs the module afresh: task() must be called at its top level, under no condition"
  );
}

function notFound(fn: FnRef, why: string): ClusterError {
  return new ClusterError("TASK_NOT_FOUND", why, { details: { ...fn } });
}
