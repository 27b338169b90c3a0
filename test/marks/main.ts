// `npm run test:marks -- [--runs N] [--executor threads|processes]`: cancels eight endless loops beside a task of another run,
// N times (default 5) with threads, with processes or with both, and prints how long it took until the cancel was confirmed, and until eight tasks had run in
// the slots. Exit code 1: a confirmation took longer than the mark, or the other task was harmed.
import { parseArgs } from "node:util";
import { Client } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { eventually } from "../eventually.ts";
import { echo, spins, waits } from "./fixtures/loops.ts";

const loops = 8;
const markMs = 2_000;

const { values } = parseArgs({ options: { runs: { type: "string" }, executor: { type: "string" } } });
const runs = Number(values.runs ?? 5);
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
if (!Number.isInteger(runs) || runs < 1) {
  print("--runs must be a whole number of at least 1");
  process.exit(64);
}

let missed = false;
for (const executor of (["threads", "processes"] as const).filter((kind) => kind === (values.executor ?? kind))) {
  await using cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: loops + 1, executor });
  await using client = await Client.connect(cluster);
  for (let run = 1; run <= runs; run++) {
    const other = client.submit(waits, [6_000], { run: "other", pure: false, key: `waits-${run}` });
    const endless = Array.from({ length: loops }, (_, i) =>
      client.submit(spins, [], { run: "loops", key: `spins-${run}-${i}` }),
    );
    await eventually("all to run", async () => (await client.info()).workers[0]?.running === loops + 1);
    const startMs = performance.now();
    await client.cancel(endless);
    const confirmedMs = performance.now() - startMs;
    const echoes = Array.from({ length: loops }, (_, i) => client.submit(echo, [i], { key: `echo-${run}-${i}` }));
    await client.gather(echoes);
    const usedMs = performance.now() - startMs;
    const unharmed = (await other) === 6_000;
    if (confirmedMs > markMs || !unharmed) missed = true;
    const [confirmed, used] = [confirmedMs, usedMs].map((ms) => `${(ms / 1_000).toFixed(2)} s`);
    print(
      `${executor}: confirmed after ${confirmed}, slots used again after ${used}; the other task ${unharmed ? "unharmed" : "harmed"}`,
    );
  }
}
process.exitCode = missed ? 1 : 0;
