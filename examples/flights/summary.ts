import type { Flights } from "./parquet.ts";

/** The delays, in minutes, at which a new bucket of the histogram begins. */
export const bucketStarts: readonly number[] = [Number.NEGATIVE_INFINITY, 0, 15, 30, 60, 120];
export const lateMinutes = 15;

export interface Origin {
  count: number;
  delaySum: number;
  late: number;
}

/** What is kept of any number of flights; two of these add up to the summary of both. */
export interface Summary {
  readonly origins: Map<string, Origin>;
  /** Flights by hour of departure, then by bucket of delay. */
  readonly hours: number[][];
}

export function emptySummary(): Summary {
  return { origins: new Map(), hours: Array.from({ length: 24 }, () => bucketStarts.map(() => 0)) };
}

export function summarizeFlights({ date, delay, origin }: Flights): Summary {
  const summary = emptySummary();
  for (const [row, name] of origin.entries()) {
    const minutes = Number(delay[row]);
    const hour = (date[row] as Date).getUTCHours();
    addTo(summary, name, { count: 1, delaySum: minutes, late: minutes > lateMinutes ? 1 : 0 });
    const bucket = bucketStarts.findLastIndex((start) => minutes >= start);
    const buckets = summary.hours[hour] as number[];
    buckets[bucket] = (buckets[bucket] as number) + 1;
  }
  return summary;
}

export function mergeSummaries(summaries: readonly Summary[]): Summary {
  const merged = emptySummary();
  for (const { origins, hours } of summaries) {
    for (const [name, origin] of origins) addTo(merged, name, origin);
    for (const [hour, buckets] of hours.entries()) {
      const sums = merged.hours[hour] as number[];
      for (const [bucket, count] of buckets.entries()) sums[bucket] = (sums[bucket] as number) + count;
    }
  }
  return merged;
}

function addTo(summary: Summary, name: string, { count, delaySum, late }: Origin): void {
  const known = summary.origins.get(name);
  if (known === undefined) summary.origins.set(name, { count, delaySum, late });
  else {
    known.count += count;
    known.delaySum += delaySum;
    known.late += late;
  }
}
