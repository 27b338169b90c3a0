import type { Figure } from "./shapes/shape.ts";
import { ratioOf } from "./summary.ts";

/** A figure that Muster is to reach, on 2 workers × 1 thread on 2 cores. */
export interface Mark {
  readonly shape: string;
  readonly figure: string;
  /** Whom it is compared with, in the same run; without, it is the figure itself that counts. */
  readonly against?: string;
  readonly least?: number;
  readonly most?: number;
}

export const marks: readonly Mark[] = [
  { shape: "merge-100k", figure: "tasks/s", against: "dask", least: 100 },
  { shape: "map-10k", figure: "tasks/s", against: "dask", least: 100 },
  { shape: "tree-8k", figure: "tasks/s", against: "dask", least: 40 },
  { shape: "shuffle-100", figure: "tasks/s", against: "dask", least: 40 },
  { shape: "chain-2k", figure: "µs/link", against: "dask", least: 20 },
  { shape: "latency", figure: "p50 µs", against: "dask", least: 10 },
  { shape: "merge-100k", figure: "tasks/s", against: "limit", least: 0.35 },
  { shape: "transfer", figure: "MB/s", least: 1_000 },
  { shape: "transfer", figure: "MB/s", against: "ws", least: 0.5 },
  { shape: "million", figure: "heap bytes/task", most: 1_000 },
  { shape: "million", figure: "accepted tasks/s", least: 200_000 },
  { shape: "many-workers", figure: "1,000 : 10 workers", most: 1.5 },
  { shape: "sleepy", figure: "efficiency", least: 0.97 },
];

/** What a mark came to. */
export interface Verdict {
  readonly mark: Mark;
  /** A ratio where the mark names whom it is against; undefined when that was not measured. */
  readonly value: number | undefined;
  readonly reached: boolean | undefined;
}

/**
 * Contenders may have been repeated more or less often, and who tries more often has the better best: so it is medians that
 * are judged.
 * @param median That of a contender; undefined when it has none. "muster" is our own.
 */
export function judge(mark: Mark, figure: Figure, median: (contender: string) => number | undefined): Verdict {
  const own = median("muster");
  const other = mark.against === undefined ? undefined : median(mark.against);
  const value = mark.against === undefined ? own : own && other ? ratioOf(figure, own, other) : undefined;
  if (value === undefined) return { mark, value, reached: undefined };
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = mark;
  return { mark, value, reached: value >= least && value <= most };
}
