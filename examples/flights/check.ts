// Computes the flights table in one thread with plain loops, and compares it with a CSV that the flow wrote:
//
//   node examples/flights/check.ts flights.csv

import { readFileSync } from "node:fs";
import { flightsFile, readFlights } from "./parquet.ts";

const csvFile = process.argv[2] ?? "flights.csv";

const { delay, origin } = await readFlights(flightsFile());
const counts: Record<string, number> = {};
const sums: Record<string, number> = {};
const lates: Record<string, number> = {};
for (let row = 0; row < origin.length; row++) {
  const name = origin[row] as string;
  const minutes = Number(delay[row]);
  counts[name] = (counts[name] ?? 0) + 1;
  sums[name] = (sums[name] ?? 0) + minutes;
  if (minutes > 15) lates[name] = (lates[name] ?? 0) + 1;
}

const [, ...lines] = readFileSync(csvFile, "utf8").trim().split("\n");
const wrong = lines.filter((line) => {
  const [name = "", count, mean, share] = line.split(",");
  const n = counts[name] ?? 0;
  const isRight =
    Number(count) === n && mean === ((sums[name] ?? 0) / n).toFixed(4) && share === ((lates[name] ?? 0) / n).toFixed(6);
  return !isRight;
});
const missing = Object.keys(counts).filter((name) => !lines.some((line) => line.startsWith(`${name},`)));
if (wrong.length > 0 || missing.length > 0) {
  console.error(
    `${csvFile} is wrong in ${wrong.length} lines (${wrong.slice(0, 3).join(" | ")}) and lacks ${missing.length} origins`,
  );
  process.exitCode = 1;
} else console.log(`${csvFile} matches: ${origin.length} flights from ${lines.length} origins`);
