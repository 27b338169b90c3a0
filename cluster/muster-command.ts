import { fileURLToPath } from "node:url";

// The sources run as .ts, the published package as .js, in the same layout.
const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";

/** What starts the command `muster` of this very copy on this machine: a program, and the first of its arguments. */
export const musterCommand: readonly [string, string] = [
  process.execPath,
  fileURLToPath(new URL(`../cli/main.${extension}`, import.meta.url)),
];
