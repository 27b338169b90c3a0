import { createRequire } from "node:module";
import { join } from "node:path";
import { ClusterError } from "../../protocol/errors.ts";

/**
 * Loads a package that a task's bundle left out by its `external` option. Bundles call it on the worker; it looks from
 * the worker's directory, then beside Muster itself.
 * @throws ClusterError CODE_FAILED naming the package.
 */
export function installedPackage(name: string): unknown {
  const places = [join(process.cwd(), "bundle.mjs"), import.meta.url];
  const missing: unknown[] = [];
  for (const place of places) {
    const require = createRequire(place);
    try {
      require.resolve(name);
    } catch (error) {
      missing.push(error);
      continue;
    }
    return require(name);
  }
  throw new ClusterError(
    "CODE_FAILED",
    `package "${name}" is declared external, and is not installed on this worker: install it in ${process.cwd()} or beside muster, ` +
      "or restrict the task to workers that have it",
    { cause: missing[0], details: { module: name } },
  );
}
