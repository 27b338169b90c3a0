import type { Plugin } from "esbuild";
import { ownSourcePattern } from "../../protocol/task-registry.ts";

/** What the generated entry imports; stands for the module to bundle. */
export const entrySpecifier = "muster-entry:module";

/** A package.json that says `sideEffects: false` must not make esbuild drop the very module whose tasks are wanted. */
export function entryIs(file: string): Plugin {
  return {
    name: "entry",
    setup({ onResolve }) {
      onResolve({ filter: new RegExp(`^${entrySpecifier}$`) }, () => ({ path: file, sideEffects: true }));
    },
  };
}

/**
 * A file that imports Muster's modules by path, as this repository's tests do, gets the worker's copy all the same: a
 * copy inside the bundle would have a task registry of its own.
 */
export const ownModulesStayOutside: Plugin = {
  name: "own-modules",
  setup({ onLoad }) {
    onLoad({ filter: ownSourcePattern }, () => ({ contents: 'export * from "muster";', loader: "js" }));
  },
};

/**
 * Packages that the user says to be installed on the workers. The bundle lies in a cache with no node_modules around,
 * so that the worker looks for them where it runs.
 */
export function declaredExternals(packages: readonly string[]): Plugin {
  return {
    name: "declared-externals",
    setup({ onResolve, onLoad }) {
      if (packages.length === 0) return;
      const namespace = "installed";
      onResolve({ filter: /^[^./]/ }, ({ path }) =>
        packages.some((name) => path === name || path.startsWith(`${name}/`)) ? { path, namespace } : undefined,
      );
      onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: `module.exports = require("muster").installedPackage(${JSON.stringify(path)});`,
        loader: "js",
      }));
    },
  };
}
