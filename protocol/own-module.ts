import { registerHooks } from "node:module";

// User code that says `import … from "muster"` must get the very copy that is running it, wherever the user's file or
// bundle lies: two copies would not share task registries, contexts or error classes.

/** What the package exports, and the module that stands behind each name, relative to the package's root. */
const ownModules: Readonly<Record<string, string>> = {
  muster: "index",
  "muster/cluster": "cluster/index",
  "muster/cluster/docker": "cluster/docker/index",
  "muster/cluster/local": "cluster/local/index",
  "muster/testing": "testing/index",
};

/** The names under which Muster's own modules can be imported. */
export const ownSpecifiers: readonly string[] = Object.keys(ownModules);

/** The file URL of the running copy's module of that name; undefined for a name that is not ours. */
export function ownModuleUrl(specifier: string): string | undefined {
  if (!Object.hasOwn(ownModules, specifier)) return undefined;
  // The sources run as .ts, the published package as .js, in the same layout.
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`../${ownModules[specifier]}.${extension}`, import.meta.url).href;
}

/** The folders of the package whose code stands above and around a user's function. */
const ownFolders = /^(?:protocol|worker|client|flow|scheduler|cluster)\//;
const root = new URL("../", import.meta.url).href;

/** Whether a call stack's URL is of Node's code or of ours. */
export function isOwnCode(url: string): boolean {
  return url === "" || url.startsWith("node:") || (url.startsWith(root) && ownFolders.test(url.slice(root.length)));
}

let installed = false;

/**
 * From now on `import "muster"` (and its subpaths) resolves to the running copy, from any file that this thread loads.
 * Calling it again changes nothing. Holds for one thread: slots and processes call it for themselves.
 */
export function installOwnResolution(): void {
  if (installed) return;
  installed = true;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const url = ownModuleUrl(specifier);
      return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true };
    },
  });
}
