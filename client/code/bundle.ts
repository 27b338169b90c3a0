import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { bundleFailed, isBuildFailure } from "./bundle-error.ts";
import { declaredExternals, entryIs, entrySpecifier, ownModulesStayOutside } from "./esbuild-plugins.ts";
import { nameSources } from "./source-names.ts";

/** A module with everything that it imports, as one ES module that exports nothing: its tasks register on import. */
export interface Bundle {
  /** sha256 (hex) of `bytes`. */
  readonly hash: string;
  readonly bytes: Uint8Array;
  /** The absolute paths of the files that went into it. */
  readonly files: readonly string[];
}

/** The lowest Node that the package runs on, by its `engines`. */
const target = "node22";

/**
 * Bundles a module. The same sources give the same bytes from whatever directory.
 *
 * On a worker `import.meta.main` is false in all of it, and `import.meta.url`, `import.meta.filename` and
 * `import.meta.dirname` are those of the bundle in the worker's cache: a path to the user's own data is to be computed
 * on the client and passed as an argument.
 * @throws ClusterError BUNDLE_FAILED naming what is missing and who imports it.
 */
export async function bundleModule(file: string, external: readonly string[]): Promise<Bundle> {
  // The engine names a module by its real path, and so does esbuild; the directory must agree with both.
  const entry = realPath(file);
  const directory = dirname(entry);
  const result = await withEsbuild(({ build }) =>
    build({
      stdin: { contents: `import "${entrySpecifier}";`, resolveDir: directory, sourcefile: "<entry>" },
      absWorkingDir: directory,
      outfile: resolve(directory, "bundle.mjs"),
      bundle: true,
      write: false,
      metafile: true,
      format: "esm",
      platform: "node",
      target,
      charset: "utf8",
      keepNames: true,
      sourcemap: "external",
      sourcesContent: false,
      logLevel: "silent",
      external: ["muster", "muster/*"],
      define: { "import.meta.main": "false", __filename: "__bundleFilename", __dirname: "__bundleDirname" },
      plugins: [entryIs(entry), ownModulesStayOutside, declaredExternals(external)],
    }),
  ).catch((error: unknown) => {
    throw isBuildFailure(error) ? bundleFailed(entry, directory, error) : error;
  });
  const [map, code] = [/\.map$/, /\.mjs$/].map(
    (name) => result.outputFiles.find((one) => name.test(one.path))?.text ?? "",
  );
  const files = Object.keys(result.metafile.inputs)
    .filter((input) => input !== "<entry>" && !virtual.test(input))
    .map((input) => resolve(directory, input));
  return assemble(code ?? "", map ?? "", directory, files);
}

/** Inputs that a plugin made up are named `namespace:name`. */
const virtual = /^[\w-]{2,}:/;

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // esbuild says best what is wrong with it.
    return resolve(file);
  }
}

function assemble(code: string, map: string, directory: string, files: readonly string[]): Bundle {
  const prelude = preludeFor(code);
  const named = nameSources(map, { code, directory, files, preludeLines: prelude.length });
  const inlineMap = Buffer.from(named).toString("base64");
  const text = [...prelude, `${code}//# sourceMappingURL=data:application/json;base64,${inlineMap}`, ""].join("\n");
  const bytes = Buffer.from(text);
  return { hash: createHash("sha256").update(bytes).digest("hex"), bytes, files };
}

/** What CommonJS packages take for granted, and an ES module lacks. esbuild renames a user's own `require`. */
function preludeFor(code: string): readonly string[] {
  const prelude: string[] = [];
  if (/\b__require\b/.test(code)) {
    prelude.push('import { createRequire as __createRequire } from "node:module";');
    prelude.push("const require = __createRequire(import.meta.url);");
  }
  if (/\b__bundleFilename\b/.test(code)) prelude.push("const __bundleFilename = import.meta.filename;");
  if (/\b__bundleDirname\b/.test(code)) prelude.push("const __bundleDirname = import.meta.dirname;");
  return prelude;
}

/**
 * Ctrl-C in a terminal goes to all processes there, esbuild's among them, maybe before we hear of it ourselves: what was being
 * bundled has not failed for that.
 */
function lostItsProcess(error: unknown): boolean {
  return error instanceof Error && /^The service (?:was stopped|is no longer running)/.test(error.message);
}

let users = 0;

async function withEsbuild<T>(use: (esbuild: typeof import("esbuild")) => Promise<T>): Promise<T> {
  const esbuild = await import("esbuild");
  users += 1;
  try {
    try {
      return await use(esbuild);
    } catch (error) {
      if (!lostItsProcess(error)) throw error;
      await esbuild.stop();
      return await use(esbuild);
    }
  } finally {
    users -= 1;
    // esbuild works in a process of its own, which would stay for as long as this one lives.
    if (users === 0) await esbuild.stop();
  }
}
