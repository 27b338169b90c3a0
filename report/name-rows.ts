import { at } from "./cell.ts";
import type { Order } from "./order.ts";
import type { Records } from "./records.ts";
import type { AttemptColumns, NameRow } from "./report-data.ts";

/** Medians are those of the attempts that are kept; everything else counts all. */
export function nameRows({ attempts }: Records, columns: AttemptColumns, names: Order): NameRow[] {
  const durationsMs = durationsByName(columns, names.texts.length);
  return names.numbers.map((number, place) => {
    const totals = attempts.byName[number];
    const [done = 0, failed = 0, cancelled = 0, lost = 0] = totals?.fates ?? [];
    const sorted = durationsMs[place] as Float64Array;
    return {
      name: names.texts[place] as string,
      done,
      failed,
      cancelled,
      lost,
      minMs: done > 0 ? (totals?.minMs ?? Number.NaN) : Number.NaN,
      medianMs: quantile(sorted, 0.5),
      p95Ms: quantile(sorted, 0.95),
      maxMs: done > 0 ? (totals?.maxMs ?? Number.NaN) : Number.NaN,
      totalMs: totals?.totalMs ?? 0,
      bytes: totals?.bytes ?? 0,
    };
  });
}

/** Of attempts that are done, sorted. */
function durationsByName({ count, name, fate, startMs, endMs }: AttemptColumns, names: number): Float64Array[] {
  const counts = new Uint32Array(names);
  for (let row = 0; row < count; row++) if (fate[row] === 0) counts[at(name, row)] = at(counts, at(name, row)) + 1;
  const durations = Array.from(counts, (length) => new Float64Array(length));
  const filled = new Uint32Array(names);
  for (let row = 0; row < count; row++) {
    if (fate[row] !== 0) continue;
    const place = at(name, row);
    const index = at(filled, place);
    (durations[place] as Float64Array)[index] = at(endMs, row) - at(startMs, row);
    filled[place] = index + 1;
  }
  for (const column of durations) column.sort();
  return durations;
}

/** Of sorted values, between two neighbours in proportion; NaN of none. */
export function quantile(sorted: Float64Array, part: number): number {
  const position = (sorted.length - 1) * part;
  const below = Math.floor(position);
  const low = sorted[below];
  if (low === undefined) return Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (position - below);
}
