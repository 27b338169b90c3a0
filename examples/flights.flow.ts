// Three million flight records, read by row group on a cluster, and summed up by a tree of merges. The first command
// starts a cluster for the run; the second uses one that is there.
//
//   npx muster run examples/flights.flow.ts
//   npx muster run examples/flights.flow.ts --address ws://127.0.0.1:8786 --param csvFile=out.csv

import { writeFileSync } from "node:fs";
import { ClusterExecutor, type Flow, flow, parameter, type Reference, type RunState, task, unmapped } from "muster";
import { flightsFile, readFlights } from "./flights/parquet.ts";
import { mergeSummaries, type Summary, summarizeFlights } from "./flights/summary.ts";
import { csv, printable } from "./flights/table.ts";

/** How many row groups the file has, and so how many tasks read it. */
const rowGroups = 11;
const fanIn = 4;

interface Report {
  readonly table: string;
  readonly csv: string;
  readonly csvFile: string;
}

const summarize = task("summarize", async (rowGroup: number, path: string): Promise<Summary> => {
  return summarizeFlights(await readFlights(path, rowGroup, rowGroup + 1));
});

const mergeParts = task("mergeParts", (parts: readonly Summary[]): Summary => mergeSummaries(parts));

const render = task("render", (summary: Summary, csvFile: string): Report => {
  return { table: printable(summary), csv: csv(summary), csvFile };
});

export const flights: Flow = flow(
  "flights",
  () => {
    const path = parameter("path", flightsFile());
    const groups = Array.from({ length: rowGroups }, (_, group) => group);
    const summaries = summarize.map(groups, unmapped(path));
    let level: Reference<Summary>[] = groups.map((group) => summaries.at(group));
    while (level.length > 1) {
      const wider = level;
      level = [];
      for (let i = 0; i < wider.length; i += fanIn) level.push(mergeParts(wider.slice(i, i + fanIn)));
    }
    render(level[0] as Reference<Summary>, parameter("csvFile", "flights.csv"));
  },
  { executor: new ClusterExecutor(), terminalStateHandler: publish },
);

/** Runs where the flow runs, not on a worker: prints the table and writes the file there. */
function publish(_flow: Flow, state: RunState, [rendered]: readonly RunState[]): void {
  if (!state.isSuccessful() || rendered === undefined) return;
  const report = rendered.result as Report;
  writeFileSync(report.csvFile, report.csv);
  console.log(`${report.table}\n\nevery origin is in ${report.csvFile}`);
}
