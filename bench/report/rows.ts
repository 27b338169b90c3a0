import { judge, type Mark, marks, type Verdict } from "../marks.ts";
import type { FigureResult, ShapeResult } from "../run-shapes.ts";
import { ratioOf } from "../summary.ts";

/** A figure of Muster's beside those of its peers. */
export interface ResultRow {
  readonly shape: string;
  readonly figure: string;
  readonly own: { readonly best: number; readonly median: number } | undefined;
  readonly peers: readonly PeerCell[];
  readonly verdicts: readonly Verdict[];
}

export interface PeerCell {
  readonly name: string;
  readonly median: number;
  /** How many times as good Muster's median is; undefined without a figure of its own. */
  readonly ratio: number | undefined;
}

/** @param quick Sizes were small: nothing is judged by its marks. */
export function rowsOf(results: readonly ShapeResult[], quick: boolean): ResultRow[] {
  return results.flatMap(({ shape, figures }) => figures.map((figure) => rowOf(shape, figure, quick ? [] : marks)));
}

function rowOf(shape: string, figure: FigureResult, marks: readonly Mark[]): ResultRow {
  const { muster: own, ...peers } = figure.by;
  const isOwn = (mark: Mark): boolean => mark.shape === shape && mark.figure === figure.name;
  return {
    shape,
    figure: figure.name,
    own,
    peers: Object.entries(peers).map(([name, { median }]) => ({
      name,
      median,
      ratio: own === undefined ? undefined : ratioOf(figure, own.median, median),
    })),
    verdicts: marks.filter(isOwn).map((mark) => judge(mark, figure, (name) => figure.by[name]?.median)),
  };
}

/** Three significant digits, thousands grouped. */
export function showNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const showRatio = (ratio: number): string => `${showNumber(ratio)} ×`;

export function showMark({ against, least, most }: Mark): string {
  const bound = least === undefined ? `≤ ${(most ?? 0).toLocaleString("en")}` : `≥ ${least.toLocaleString("en")}`;
  return against === undefined ? bound : `${bound} × ${against}`;
}

export function showVerdict({ mark, reached }: Verdict): string {
  return `${showMark(mark)}: ${reached === undefined ? "not measured" : reached ? "reached" : "missed"}`;
}
