import { at } from "./cell.ts";
import type { Links } from "./links.ts";
import type { AttemptColumns, MovedName } from "./report-data.ts";

/** A result goes to a worker once, however many tasks take it there. */
export function movedByName({ count, worker, name, bytes }: AttemptColumns, { deps }: Links): MovedName[] {
  const seen = new Set<number>();
  const workers = worker.reduce((most, place) => Math.max(most, place), 0) + 1;
  const byName = new Map<number, { name: number; results: number; bytes: number }>();
  for (let row = 0; row < count; row++) {
    for (const dep of deps[row] ?? []) {
      if (worker[dep] === worker[row]) continue;
      const move = dep * workers + at(worker, row);
      if (seen.has(move)) continue;
      seen.add(move);
      const moved = byName.get(at(name, dep)) ?? { name: at(name, dep), results: 0, bytes: 0 };
      byName.set(moved.name, moved);
      moved.results++;
      moved.bytes += at(bytes, dep);
    }
  }
  return [...byName.values()].sort((a, b) => b.bytes - a.bytes || b.results - a.results || a.name - b.name);
}
