import { createHash } from "node:crypto";
import { dirname, relative, resolve, sep } from "node:path";

// In a bundle's source map a file is named `muster://<digest>/<path>`, with the path from the folder that holds all the
// bundle's files. So the bundle has the same hash wherever its sources lie, a stack on a worker names the user's file and
// line, and the client that bundled it can tell which of its files is meant.

/** Local files by the name that they have in source maps, of all bundles that this process made. */
const localFiles = new Map<string, string>();

export interface SourceNaming {
  readonly code: string;
  /** Where the bundler ran: names in the map are relative to it. */
  readonly directory: string;
  readonly files: readonly string[];
  /** Lines that will stand before the code. */
  readonly preludeLines: number;
}

/** Rewrites a bundle's source map to those names, and remembers which files they stand for. */
export function nameSources(map: string, { code, directory, files, preludeLines }: SourceNaming): string {
  const parsed = JSON.parse(map) as { sources: string[]; mappings: string };
  const folder = commonFolder(files);
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 12);
  const sources = parsed.sources.map((source) => {
    const file = resolve(directory, source);
    const path = relative(folder, file).split(sep).map(encodeURIComponent).join("/");
    const name = `muster://${digest}/${path}`;
    localFiles.set(name, file);
    return name;
  });
  return JSON.stringify({ ...parsed, sources, mappings: ";".repeat(preludeLines) + parsed.mappings });
}

/** The text of a stack with this process's own files in place of their names in bundles. */
export function withLocalFiles(stack: string): string {
  return stack.replace(/muster:\/\/[0-9a-f]{12}\/[^\s:)]+/g, (name) => localFiles.get(name) ?? name);
}

function commonFolder(files: readonly string[]): string {
  const [first, ...others] = files.map((file) => dirname(file).split(sep));
  const shared = (first ?? []).filter((part, depth, parts) =>
    others.every((other) => parts.slice(0, depth).every((one, at) => other[at] === one) && other[depth] === part),
  );
  return shared.join(sep) || sep;
}
