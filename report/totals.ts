import type { Records } from "./records.ts";
import type { Totals, WorkerRow } from "./report-data.ts";

export function totalsFrom({ attempts, moves, fleet, counts }: Records, workers: readonly WorkerRow[]): Totals {
  const { submitted, failed, cancelled } = counts;
  const slotMs = sum(workers, (worker) => worker.slotMs);
  // A slot that is lent is in use once, however many attempts it holds.
  const usedMs = sum(workers, (worker) => Math.min(worker.busyMs, worker.slotMs));
  return {
    submitted,
    done: attempts.tasksDone,
    failed,
    cancelled,
    unfinished: Math.max(0, submitted - attempts.tasksDone - failed - cancelled),
    attempts: attempts.total,
    retries: attempts.retries,
    computingMs: sum(workers, (worker) => worker.busyMs),
    transferringMs: moves.transferringMs,
    diskMs: moves.diskMs,
    idleMs: slotMs - usedMs,
    slotMs,
    utilisation: slotMs > 0 ? usedMs / slotMs : Number.NaN,
    workersPeak: fleet.peak,
    workersLost: fleet.lost,
    transferredBytes: moves.transferredBytes,
    writtenBytes: moves.writtenBytes,
    readBytes: moves.readBytes,
    versions: versionsOf(fleet.known),
  };
}

function sum<T>(rows: readonly T[], read: (row: T) => number): number {
  return rows.reduce((total, row) => total + read(row), 0);
}

function versionsOf(known: Records["fleet"]["known"]): string[] {
  const versions = new Set<string>();
  // Workers of which nothing was told leave holes.
  for (const worker of known) {
    if (worker === undefined) continue;
    const { version, nodeVersion } = worker.last;
    versions.add(`muster ${version}, node ${nodeVersion.replace(/^v/, "")}`);
  }
  return [...versions].sort();
}
