import { fileURLToPath } from "node:url";

/** The file of a program of ours beside `importer`: the sources run as .ts, what is built from them as .js. */
export function ownProgram(name: string, importer: string): string {
  return fileURLToPath(new URL(`./${name}.${importer.endsWith(".ts") ? "ts" : "js"}`, importer));
}
