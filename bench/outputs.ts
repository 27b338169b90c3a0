import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { htmlPage } from "./report/html-page.ts";
import { resultsPage } from "./report/results-page.ts";
import type { Session } from "./session.ts";

/** Writes results.json and results.html into the folder, and RESULTS.md into `resultsFolder` if there is one; answers with their paths. */
export function writeOutputs(session: Session, folder: string, resultsFolder: string | undefined): string[] {
  mkdirSync(folder, { recursive: true });
  const files: [path: string, text: string][] = [
    [join(folder, "results.json"), `${JSON.stringify(session, null, 2)}\n`],
    [join(folder, "results.html"), htmlPage(session)],
  ];
  if (resultsFolder !== undefined) {
    const path = join(resultsFolder, "RESULTS.md");
    files.push([path, `${resultsPage(session)}${remarksIn(path)}`]);
  }
  for (const [path, text] of files) writeFileSync(path, text);
  return files.map(([path]) => path);
}

const remarksHead = "\n## Remarks\n";

/** What people wrote below the tables stays. */
function remarksIn(path: string): string {
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const at = text.indexOf(remarksHead);
  return at < 0 ? "" : text.slice(at);
}
