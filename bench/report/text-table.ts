import type { MicroResult } from "../micro/micro.ts";
import type { ShapeResult } from "../run-shapes.ts";
import { type ResultRow, rowsOf, showNumber, showRatio, showVerdict } from "./rows.ts";

/** The results as lines for a terminal. A peer that has no figure takes no place. */
export function textTable(results: readonly ShapeResult[], quick: boolean): string[] {
  const rows = rowsOf(results, quick);
  const peers = peersOf(rows);
  const head = [
    "shape",
    "figure",
    "best",
    "median",
    ...peers.flatMap((peer) => [`${peer}, median`, "ratio of medians"]),
    "mark",
  ];
  const body = rows.map((row) => {
    const own = row.own === undefined ? ["-", "-"] : [showNumber(row.own.best), showNumber(row.own.median)];
    const cells = peers.flatMap((name) => {
      const cell = row.peers.find((peer) => peer.name === name);
      return cell === undefined
        ? ["", ""]
        : [showNumber(cell.median), cell.ratio === undefined ? "" : showRatio(cell.ratio)];
    });
    return [row.shape, row.figure, ...own, ...cells, row.verdicts.map(showVerdict).join("; ")];
  });
  const last = head.length - 1;
  return aligned([head, ...body], (column) => column > 1 && column < last);
}

export function peersOf(rows: readonly ResultRow[]): string[] {
  return [...new Set(rows.flatMap((row) => row.peers.map(({ name }) => name)))];
}

function aligned(rows: readonly (readonly string[])[], isNumber: (column: number) => boolean): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** What parts take by themselves, as lines for a terminal. */
export function microTable(micro: readonly MicroResult[]): string[] {
  const head = ["part", "per", "median ns", "p99 ns"];
  const body = micro.map(({ name, per, medianNs, p99Ns }) => [name, per, showNumber(medianNs), showNumber(p99Ns)]);
  return aligned([head, ...body], (column) => column > 1);
}
