import type { Records } from "./records.ts";
import type { Dropped } from "./report-data.ts";

/** What the report leaves out, and whether the totals know of it. */
export function droppedFrom({ attempts, moves, fleet, ends, logs, profiles, counts }: Records): Dropped[] {
  const oldest = "The oldest are not shown one by one; totals count them.";
  const never = "They never came here, so that nothing counts them.";
  const all: readonly Dropped[] = [
    { what: "events", count: counts.eventsDropped, why: never },
    { what: "log lines", count: counts.logLinesDropped, why: never },
    { what: "attempts", count: attempts.kept.dropped, why: oldest },
    {
      what: "dependencies",
      count: attempts.depsDropped,
      why: "The graph and the critical path do not know them.",
    },
    { what: "transfers", count: moves.transfers.dropped, why: oldest },
    { what: "transfers between other pairs of workers", count: moves.routesDropped, why: "Totals count them." },
    { what: "uses of disks", count: moves.disk.dropped, why: oldest },
    { what: "tasks without a result", count: ends.dropped, why: oldest },
    { what: "changes of workers", count: fleet.changes.dropped, why: oldest },
    { what: "scaling decisions", count: fleet.scaling.dropped, why: "The oldest are not shown." },
    { what: "old log lines", count: logs.dropped, why: "The oldest are not shown." },
    {
      what: "calls in profiles",
      count: profiles.tasks.dropped + profiles.scheduler.dropped,
      why: "Their time is counted to their callers.",
    },
    { what: "measurements of processes", count: counts.vitalsDropped, why: "There were too many processes." },
  ];
  return all.filter(({ count }) => count > 0);
}
