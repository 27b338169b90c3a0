// Three million flight records, read by row group on a cluster, and summed up by a tree of merges.
//
//   npx muster run examples/flights.flow.ts
//   npx muster run examples/flights.flow.ts --address ws://127.0.0.1:8786 --param csvFile=out.csv

import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { flow, type FlowState, parameter, type Reference, task, unmapped } from "muster";
import { readFlights } from "./flights/parquet.ts";
import { mergeSummaries, type Summary, summarizeFlights } from "./flights/summary.ts";
import { csv, printable } from "./flights/table.ts";

/** How many row groups the file has, and so how many tasks read it. */
const rowGroups = 11;
const fanIn = 4;

const summarize = task("summarize", async (rowGroup: number, path: string): Promise<Summary> => {
  return summarizeFlights(await readFlights(path, rowGroup, rowGroup + 1));
});

const merge = task("merge", (summaries: readonly Summary[]): Summary => mergeSummaries(summaries));

export const flights = flow(
  "flights",
  () => {
    const path = parameter("path", dataFile());
    parameter("csvFile", "flights.csv");
    const groups = Array.from({ length: rowGroups }, (_, group) => group);
    const summaries = summarize.map(groups, unmapped(path));
    let level: Reference<Summary>[] = groups.map((group) => summaries.at(group));
    while (level.length > 1) {
      const wider = level;
      level = [];
      for (let i = 0; i < wider.length; i += fanIn) level.push(merge(wider.slice(i, i + fanIn)));
    }
    return level[0];
  },
  { terminalStateHandler: report },
);
