import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { WorkerStatus } from "../protocol/cluster-info.ts";
import { ConfigurationError } from "../protocol/errors.ts";
import { ownModuleUrl } from "../protocol/own-module.ts";
import { importingInSlot } from "../protocol/task-registry.ts";
import type { Adapting, AdaptOptions } from "./adapt-options.ts";

/** One worker of a cluster, as its cluster sees it at this moment. */
export interface ClusterWorker {
  readonly name: string;
  /** Of the worker process; undefined while there is none, or where the cluster cannot know it. */
  readonly pid: number | undefined;
  /** Where its data is reached, `ws://host:port`; undefined until it is known. */
  readonly address: string | undefined;
  /** "starting" until the scheduler has it; "ended" once its process is gone for good. */
  readonly status: "starting" | WorkerStatus | "ended";
  readonly slots: number;
}

/** A scheduler and its workers, started together and closed together: what every cluster class makes. */
export interface Cluster extends AsyncDisposable {
  /** Of the scheduler, `ws://host:port`. */
  readonly address: string;
  /** What a client must show. */
  readonly token: string;
  readonly workers: readonly ClusterWorker[];
  /** Brings the number of workers to `n`. Resolves once it is so: newcomers are registered, leavers gone. */
  scale(n: number): Promise<void>;
  /** From now on the cluster scales with its work. Not every cluster class can. */
  adapt?(options?: AdaptOptions): Adapting;
  /** The last log lines of every process of the cluster, by the process's name. */
  logs(): Promise<Record<string, string[]>>;
  /** Ends everything of the cluster. May be called at any time and more than once. */
  close(): Promise<void>;
}

/** A class with a static `start`, or a function that makes a cluster. The options are the user's `clusterOptions`. */
// biome-ignore lint/suspicious/noExplicitAny: every cluster class has options of its own.
export type ClusterClass = { start(options?: any): Promise<Cluster> } | ((options?: any) => Promise<Cluster> | Cluster);

/** Starts a cluster with the user's `clusterOptions`. */
export type ClusterStarter = (options?: object) => Promise<Cluster>;

const forms =
  'Give a class with a static start(options), a function (options) => cluster, or an import path such as "muster/cluster/local#LocalCluster".';

/**
 * Says at once what is wrong with a cluster class, before anything starts. An import path's module is looked up and
 * loaded, save one that can only be loaded asynchronously: its export is then checked by `resolveClusterClass`.
 * @throws ConfigurationError BAD_OPTION
 */
export function checkClusterClass(value: unknown): void {
  if (typeof value !== "string") {
    starterOf(value, "clusterClass");
    return;
  }
  const path = parseImportPath(value);
  // A flow's file makes its executor anew wherever it is imported, but only the flow's own machine has the module.
  if (importingInSlot()) return;
  const url = locate(path);
  // Other schemes (data:, node:) have nothing that could be missing, and cannot be required.
  if (!url.startsWith("file:")) return;
  let module: Record<string, unknown>;
  try {
    module = createRequire(import.meta.url)(fileURLToPath(url));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_REQUIRE_ASYNC_MODULE") return;
    throw unloadable(path, error);
  }
  exportOf(module, path);
}

/**
 * The function that starts clusters of this class; an import path is loaded.
 * @throws ConfigurationError BAD_OPTION
 */
export async function resolveClusterClass(value: unknown): Promise<ClusterStarter> {
  if (typeof value !== "string") return starterOf(value, "clusterClass");
  const path = parseImportPath(value);
  const url = locate(path);
  let module: Record<string, unknown>;
  try {
    module = await import(url);
  } catch (error) {
    throw unloadable(path, error);
  }
  return exportOf(module, path);
}

interface ImportPath {
  readonly text: string;
  readonly module: string;
  readonly name: string;
}

function parseImportPath(text: string): ImportPath {
  const hash = text.lastIndexOf("#");
  const module = text.slice(0, Math.max(hash, 0));
  const name = text.slice(hash + 1);
  if (module === "" || name === "") {
    throw new ConfigurationError(
      "BAD_OPTION",
      `clusterClass ${JSON.stringify(text)} is not an import path of the form "module#Export". ${forms}`,
    );
  }
  return { text, module, name };
}

/** Relative paths count from the current directory; names of packages from the project in it, or from ours. */
function locate(path: ImportPath): string {
  const own = ownModuleUrl(path.module);
  if (own !== undefined) return own;
  if (/^[a-z][a-z0-9+.-]+:/i.test(path.module)) return path.module;
  const project = createRequire(resolve(process.cwd(), "package.json"));
  if (/^(\.{0,2}\/)/.test(path.module)) {
    const file = resolve(process.cwd(), path.module);
    try {
      return pathToFileURL(project.resolve(file)).href;
    } catch (error) {
      throw unloadable(path, error);
    }
  }
  try {
    return import.meta.resolve(path.module);
  } catch (error) {
    try {
      return pathToFileURL(project.resolve(path.module)).href;
    } catch {
      throw unloadable(path, error);
    }
  }
}

function exportOf(module: Record<string, unknown>, path: ImportPath): ClusterStarter {
  if (!(path.name in module)) {
    const names = Object.keys(module).join(", ") || "nothing";
    throw new ConfigurationError(
      "BAD_OPTION",
      `clusterClass ${JSON.stringify(path.text)}: the module has no export ${JSON.stringify(path.name)}; it exports ${names}.`,
    );
  }
  return starterOf(module[path.name], `clusterClass ${JSON.stringify(path.text)}`);
}

function unloadable(path: ImportPath, error: unknown): ConfigurationError {
  const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  return new ConfigurationError(
    "BAD_OPTION",
    `clusterClass ${JSON.stringify(path.text)}: the module ${JSON.stringify(path.module)} cannot be loaded: ${why}. Install it, or correct the path (relative ones count from ${process.cwd()}).`,
    { cause: error },
  );
}

function starterOf(value: unknown, label: string): ClusterStarter {
  const start = (value as { start?: unknown } | null | undefined)?.start;
  if (typeof start === "function") return async (options) => asCluster(await start.call(value, options), label);
  if (typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value))) {
    return async (options) => asCluster(await value(options), label);
  }
  const what =
    typeof value === "function" ? `the class ${value.name || "given"}, which has no static start()` : describe(value);
  throw new ConfigurationError("BAD_OPTION", `${label} is ${what}. ${forms}`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object without a start() function" : `a ${typeof value}`;
}

function asCluster(value: unknown, label: string): Cluster {
  const cluster = value as Partial<Cluster> | null | undefined;
  if (typeof cluster?.address === "string" && typeof cluster.close === "function") return cluster as Cluster;
  throw new ConfigurationError(
    "BAD_OPTION",
    `${label} started something that is not a cluster: it needs at least an address (a string) and close().`,
  );
}
