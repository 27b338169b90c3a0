import { ClusterError, ConfigurationError } from "../protocol/errors.ts";
import { type AnyFunction, findEntry, registerTask, type TaskDefinition } from "../protocol/task-registry.ts";
import { type CallSite, callSite } from "./call-site.ts";
import type { Placed, PlacedArgs, Reference, Unmapped } from "./placeholder.ts";
import { checkOptions, isName, type TaskOptions, taskChecks } from "./task-options.ts";

export type { TaskOptions } from "./task-options.ts";

/** What each argument of a mapped call may be: a list with an element for each child, or one value for all of them. */
export type MappedArgs<Args extends readonly unknown[]> = {
  [Index in keyof Args]: Placed<readonly Args[Index][], "reference"> | Unmapped<Args[Index]>;
};

/**
 * A function with an identity, by which workers find it. Outside a flow a call of it runs the plain function (as `run`
 * does, with the plain types); while a flow is being built, a call makes a node of the flow and returns a reference.
 */
export interface Task<Args extends readonly unknown[], Result> {
  (...args: PlacedArgs<Args, "reference">): Reference<Awaited<Result>>;
  /** Unique among the tasks of its bundle. */
  readonly name: string;
  readonly options: Readonly<TaskOptions>;
  /** The plain function. */
  run(...args: Args): Result;
  /** The same task with other options; those not named stay. */
  with(options: TaskOptions): Task<Args, Result>;
  /**
   * While a flow is being built: one child for each element of the lists.
   * @throws ClusterError BAD_FLOW outside a flow.
   */
  map(...args: MappedArgs<Args>): Reference<Awaited<Result>[]>;
}

/** A task of whatever type: the only one to which every task can be assigned. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are contravariant, and only any suits them all.
export type AnyTask = Task<any, any>;

/** Anything that can be submitted: a task, or a function that needs nothing from outside itself. */
export type Submittable = AnyTask | AnyFunction;

/** What calls of tasks mean while a flow is being built. */
export interface TaskBuilder {
  call(task: AnyTask, args: readonly unknown[]): unknown;
  map(task: AnyTask, args: readonly unknown[]): unknown;
}

/** How a worker is to run a task. */
interface Identity {
  readonly definition: TaskDefinition;
  /** The FnRef.entry: "call", or the name of a registered entry. */
  readonly entry: string;
}

let currentBuilder: TaskBuilder | undefined;
const identities = new WeakMap<object, Identity>();

/** From now on calls of tasks go to `builder`; undefined: they run the plain function again. Returns the former one. */
export function setBuilder(builder: TaskBuilder | undefined): TaskBuilder | undefined {
  const former = currentBuilder;
  currentBuilder = builder;
  return former;
}

/**
 * Gives a function an identity. Call it at the top level of a module: a worker imports that module's bundle and looks
 * the task up by its name, which must be unique in the bundle.
 *
 * The bundle has all that the module imports, so that its top level runs on workers too: put what is for the client
 * alone into `if (import.meta.main) { … }`, which is false there. `import.meta.url`, `filename` and `dirname` are those
 * of the bundle in the worker's cache: compute paths to your own files on the client, and pass them as arguments.
 * @throws ConfigurationError BAD_OPTION, ClusterError DUPLICATE_TASK
 */
export function task<Args extends readonly unknown[], Result>(
  name: string,
  fn: (...args: Args) => Result,
  options?: TaskOptions,
): Task<Args, Result> {
  return define(name, fn, options, callSite(task, true));
}

/** For Muster's own tasks, which every worker has: the calling module of ours is where it is defined. */
export function ownTask<Args extends readonly unknown[], Result>(
  name: string,
  fn: (...args: Args) => Result,
  options?: TaskOptions,
): Task<Args, Result> {
  return define(name, fn, options, callSite(ownTask, false));
}

export function isTask(value: unknown): value is AnyTask {
  return typeof value === "function" && identities.has(value);
}

/** The definition behind a task, whatever options and entry it was given since. */
export function definitionOf(of: AnyTask): TaskDefinition {
  return identityOf(of).definition;
}

/** How a worker is to call a task: "call", or the entry that it goes through. */
export function entryOf(of: AnyTask): string {
  return identityOf(of).entry;
}

/** The same task, run through the entry of this name: by workers, and here when it is called or `run`. */
export function throughEntry(of: AnyTask, entry: string): AnyTask {
  const { definition } = identityOf(of);
  const runEntry = (...args: unknown[]): unknown => {
    const found = findEntry(entry);
    if (found === undefined) {
      throw new ClusterError(
        "TASK_NOT_FOUND",
        `task "${definition.name}" goes through the entry "${entry}", which nobody registered`,
      );
    }
    return found(definition)(...args);
  };
  return makeTask(runEntry, of.options, () => ({ definition, entry }));
}

function identityOf(of: AnyTask): Identity {
  const identity = identities.get(of);
  if (identity === undefined) {
    throw new ClusterError(
      "TASK_NOT_FOUND",
      "this is not a task of this copy of muster: tasks are made by task(name, fn)",
    );
  }
  return identity;
}

function define<Args extends readonly unknown[], Result>(
  name: string,
  fn: (...args: Args) => Result,
  options: TaskOptions | undefined,
  site: CallSite,
): Task<Args, Result> {
  if (isName(name) !== undefined) {
    throw new ConfigurationError(
      "BAD_OPTION",
      `task(name, fn) at ${site.file}:${site.line} needs a name: ${isName(name)}`,
    );
  }
  if (typeof fn !== "function") {
    throw new ConfigurationError("BAD_OPTION", `task("${name}", fn) at ${site.file}:${site.line} needs a function`);
  }
  checkTaskOptions(name, options);
  const made = makeTask(fn, { ...options }, (self) => ({
    definition: { name, fn, file: site.file, line: site.line, task: self },
    entry: "call",
  }));
  registerTask(definitionOf(made));
  return made;
}

function checkTaskOptions(name: string, options: TaskOptions | undefined): void {
  checkOptions(`task "${name}"`, options, taskChecks);
  const { maxRetries, retryDelayMs } = options ?? {};
  if (maxRetries === undefined ? retryDelayMs !== undefined : maxRetries > 0 && retryDelayMs === undefined) {
    throw new ConfigurationError(
      "BAD_OPTION",
      `bad options for task "${name}": maxRetries and retryDelayMs go together, and only one of them was given`,
    );
  }
}

function makeTask(fn: AnyFunction, options: TaskOptions, identify: (self: object) => Identity): AnyTask {
  const self = (...args: unknown[]): unknown =>
    currentBuilder === undefined ? fn(...args) : currentBuilder.call(made, args);
  const identity = identify(self);
  const { name } = identity.definition;
  const made = Object.defineProperties(self, {
    name: { value: name },
    options: { value: Object.freeze(options), enumerable: true },
    run: { value: fn, enumerable: true },
    with: {
      value: (others: TaskOptions): AnyTask => {
        const merged = { ...options, ...others };
        checkTaskOptions(name, merged);
        return makeTask(fn, merged, () => identity);
      },
    },
    map: {
      value: (...args: unknown[]): unknown => {
        if (currentBuilder !== undefined) return currentBuilder.map(made, args);
        throw new ClusterError(
          "BAD_FLOW",
          `task "${name}": map() makes tasks of a flow, and no flow is being built; use client.map(task, values) outside one`,
        );
      },
    },
  }) as unknown as AnyTask;
  identities.set(made, identity);
  return made;
}
