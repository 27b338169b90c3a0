import { bucketStarts, lateMinutes, type Summary } from "./summary.ts";

const bucketNames = bucketStarts.map((start, i) => (i === 0 ? "early" : `${start}+ min`));

/** The busiest origins and the delays by hour, for a terminal. */
export function printable(summary: Summary, originsMax = 15): string {
  const origins = byCount(summary)
    .slice(0, originsMax)
    .map(([name, { count, delaySum, late }]) => [
      name,
      count.toLocaleString("en"),
      (delaySum / count).toFixed(2),
      `${((100 * late) / count).toFixed(1)} %`,
    ]);
  const hours = summary.hours.map((buckets, hour) => [
    `${hour}:00`,
    ...buckets.map((count) => count.toLocaleString("en")),
  ]);
  const total = [...summary.origins.values()].reduce((sum, { count }) => sum + count, 0);
  return [
    `${total.toLocaleString("en")} flights from ${summary.origins.size} origins; the ${origins.length} busiest:`,
    columns([["origin", "flights", "mean delay (min)", `over ${lateMinutes} min late`], ...origins]),
    "",
    "flights by hour of departure and delay:",
    columns([["hour", ...bucketNames], ...hours]),
  ].join("\n");
}

/** Every origin, one a line. */
export function csv(summary: Summary): string {
  const lines = byCount(summary).map(([name, { count, delaySum, late }]) =>
    [name, count, (delaySum / count).toFixed(4), (late / count).toFixed(6)].join(","),
  );
  return `origin,flights,mean_delay_minutes,share_late\n${lines.join("\n")}\n`;
}

function byCount(summary: Summary): [string, { count: number; delaySum: number; late: number }][] {
  return [...summary.origins].sort(([nameA, a], [nameB, b]) => b.count - a.count || (nameA < nameB ? -1 : 1));
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `  ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  ")}`,
    )
    .join("\n");
}
