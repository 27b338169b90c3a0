// `npm run test:soak -- [--runs N]`: N flow runs (default 200) on one cluster. Exit code 1: a wrong result, something of a run
// that is left, or memory that grows.
import { parseArgs } from "node:util";
import { growths, runSoak } from "./run-soak.ts";

/** By so much of its mean may a series grow from its first to its last value. */
const growthMax = 0.15;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values } = parseArgs({ options: { runs: { type: "string" } } });
const runs = Number(values.runs ?? 200);
if (!Number.isInteger(runs) || runs < 20) {
  print("--runs must be a whole number of at least 20");
  process.exit(64);
}

const growing: string[] = [];
for (const [name, growth] of growths(await runSoak(runs, print))) {
  print(`${name}: ${growth < 0 ? "" : "+"}${(100 * growth).toFixed(1)} % over the last three quarters of ${runs} runs`);
  if (growth > growthMax) growing.push(name);
}
if (growing.length > 0) print(`growing by more than ${100 * growthMax} %: ${growing.join(", ")}`);
process.exitCode = growing.length > 0 ? 1 : 0;
