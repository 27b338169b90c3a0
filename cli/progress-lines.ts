import { formatDuration } from "../protocol/units.ts";
import { aligned } from "./table.ts";
import type { TaskTally } from "./task-tally.ts";

/** More names at once are more than anybody reads. */
const namesMax = 10;

export interface ProgressLine {
  readonly text: string;
  readonly failed: boolean;
}

/** A line about the run, and one for each task name that has not ended; where there are too many, for the busiest. */
export function progressLines(
  tallies: readonly TaskTally[],
  elapsedMs: number,
  nowMs: number,
  linesMax: number,
): ProgressLine[] {
  const sum = (of: (tally: TaskTally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const failed = sum((tally) => tally.failed);
  const parts = [`${sum((tally) => tally.done)}/${sum((tally) => tally.total)} tasks`];
  if (failed > 0) parts.push(`${failed} failed`);
  const head = { text: [formatDuration(elapsedMs), ...parts].join("  "), failed: failed > 0 };
  const open = tallies.filter(({ done, total }) => done < total);
  if (open.length === 0 || linesMax < 2) return [head];
  const room = Math.min(namesMax, linesMax - 1);
  const shown = open.length <= room ? open : busiest(open, Math.max(1, room - 1));
  const rows = aligned(shown.map((tally) => rowOf(tally, nowMs)));
  const lines = rows.map((text, index) => ({ text, failed: (shown[index]?.failed ?? 0) > 0 }));
  const more = open.length - shown.length;
  return [
    head,
    ...lines,
    ...(more > 0 && lines.length < linesMax - 1 ? [{ text: `+ ${more} more`, failed: false }] : []),
  ];
}

/** They keep their order: lines that change places cannot be read. */
function busiest(tallies: readonly TaskTally[], count: number): TaskTally[] {
  const chosen = new Set([...tallies].sort((a, b) => b.underWay - a.underWay).slice(0, count));
  return tallies.filter((tally) => chosen.has(tally));
}

function rowOf(tally: TaskTally, nowMs: number): string[] {
  const { name, done, total, underWay, failed } = tally;
  const rate = tally.rate(nowMs);
  const left = total - done;
  return [
    name,
    `${String(done).padStart(String(total).length)}/${total}`,
    underWay > 0 ? `${underWay} under way` : "",
    failed > 0 ? `${failed} failed` : "",
    rate === undefined ? "" : `${rate >= 10 ? Math.round(rate) : Number(rate.toFixed(1))}/s`,
    rate === undefined ? "" : `${formatDuration((left * 1_000) / rate)} left`,
  ];
}
