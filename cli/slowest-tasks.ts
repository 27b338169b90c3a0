import { formatDuration } from "../protocol/units.ts";
import { table } from "./table.ts";
import type { TaskTally } from "./task-tally.ts";

const namesMax = 5;

/** Runs that nobody waited for noticeably are not worth a table. */
const shownFromMs = 100;

/** A table of the task names whose functions took longest, with the very run that did. */
export function slowestTasks(tallies: Iterable<TaskTally>): string[] {
  const timed = [...tallies].filter(({ longest }) => longest !== undefined && longest.ms >= shownFromMs);
  const rows = timed
    .sort((a, b) => (b.longest?.ms ?? 0) - (a.longest?.ms ?? 0))
    .slice(0, namesMax)
    .map(({ name, timed: runs, timedMs, longest }) => [
      name,
      String(runs),
      `${formatDuration(longest?.ms ?? 0)} (${longest?.label})`,
      formatDuration(timedMs / runs),
      formatDuration(timedMs),
    ]);
  return rows.length === 0 ? [] : table(["slowest", "runs", "longest", "mean", "sum"], rows);
}
