import { resolve } from "node:path";
import type { BuildFailure, Message } from "esbuild";
import { ClusterError } from "../../protocol/errors.ts";

export function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

/** Says which module is missing or cannot be bundled, who imports it where, and what to do. */
export function bundleFailed(entry: string, directory: string, failure: BuildFailure): ClusterError {
  const problems = failure.errors.map((message) => describe(message, directory));
  const message = `the module ${entry} cannot be sent to workers: ${problems.map(({ text }) => text).join("; ")}`;
  const details = { file: entry, modules: problems.flatMap(({ module }) => module ?? []) };
  return new ClusterError("BUNDLE_FAILED", message, { cause: failure, details });
}

interface Problem {
  readonly text: string;
  readonly module?: string;
}

function describe({ text, location }: Message, directory: string): Problem {
  const at = location === null ? "" : `${resolve(directory, location.file)}:${location.line}`;
  const missing = /^Could not resolve "(.+)"/.exec(text)?.[1];
  if (missing !== undefined) {
    return {
      text: `module "${missing}", imported at ${at}, cannot be found: install it or correct the import`,
      module: missing,
    };
  }
  const unloadable = /^No loader is configured for ".*" files: (.+)$/.exec(text)?.[1];
  if (unloadable !== undefined) {
    const name = packageOf(unloadable);
    const remedy =
      name === undefined
        ? "read it from a path that is passed as an argument"
        : `put external: ["${name}"] into the task's options and install it on the workers`;
    return {
      text: `${unloadable}, imported at ${at}, cannot be put into a bundle: ${remedy}`,
      module: name ?? unloadable,
    };
  }
  return { text: at === "" ? text : `${text} (${at})` };
}

/** The package that a file under node_modules belongs to. */
function packageOf(file: string): string | undefined {
  const parts = file.split(/[\\/]/);
  const root = parts.lastIndexOf("node_modules");
  if (root < 0) return undefined;
  const name = parts.slice(root + 1, root + (parts[root + 1]?.startsWith("@") ? 3 : 2));
  return name.join("/") || undefined;
}
