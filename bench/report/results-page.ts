import type { Session } from "../session.ts";
import { environmentLines } from "./environment-lines.ts";
import { type ResultRow, rowsOf, showNumber, showRatio, showVerdict } from "./rows.ts";
import { peersOf } from "./text-table.ts";

/** bench/RESULTS.md: one run, in tables. */
export function resultsPage(session: Session): string {
  const rows = rowsOf(session.results, session.quick);
  const peers = peersOf(rows);
  const head = [
    "shape",
    "figure",
    "Muster, best",
    "median",
    ...peers.flatMap((peer) => [`${peer}, median`, `medians, Muster : ${peer}`]),
    "marks",
  ];
  return `# Results

One run of \`npm run bench -- --peers dask,limit --results\`, which wrote this page. What the shapes and figures are stands in [docs/benchmarks.md](../docs/benchmarks.md). Figures of different runs or machines say nothing about each other; ratios within one run do. Ratios and marks are about medians; a ratio above 1 means that Muster is better.

${markdownTable(["", ""], environmentLines(session))}

## Shapes

${markdownTable(
  head,
  rows.map((row) => cellsOf(row, peers)),
)}

## Parts

${markdownTable(
  ["part", "per", "median ns", "p99 ns"],
  session.micro.map(({ name, per, medianNs, p99Ns }) => [name, per, showNumber(medianNs), showNumber(p99Ns)]),
)}
`;
}

function cellsOf(row: ResultRow, peers: readonly string[]): readonly string[] {
  const own = row.own === undefined ? ["", ""] : [showNumber(row.own.best), showNumber(row.own.median)];
  const others = peers.flatMap((name) => {
    const cell = row.peers.find((peer) => peer.name === name);
    if (cell === undefined) return ["", ""];
    return [showNumber(cell.median), cell.ratio === undefined ? "" : showRatio(cell.ratio)];
  });
  return [row.shape, row.figure, ...own, ...others, row.verdicts.map(showVerdict).join("; ")];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)].join("\n");
}
