import { Client, ClusterExecutor } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { eventually } from "../eventually.ts";
import { lettersFlow, total } from "./fixtures/letters.flow.ts";
import { relativeGrowth } from "./growth.ts";
import { residentBytes, ThreadHeaps } from "./heaps.ts";

/** What is measured after each run, in bytes, by the name of whose memory it is. */
export type Series = Map<string, number[]>;

const textsPerRun = 20;

/**
 * Runs a flow again and again on one cluster.
 * @throws Error when a result is wrong, or something of a run is left on the scheduler.
 */
export async function runSoak(runs: number, print: (line: string) => void): Promise<Series> {
  const series: Series = new Map();
  const note = (name: string, bytes: number): unknown => series.set(name, [...(series.get(name) ?? []), bytes]);
  const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  const heaps = await ThreadHeaps.open();
  const client = await Client.connect(cluster);
  try {
    const { address, token } = cluster;
    const executor = new ClusterExecutor({ address, clientOptions: { token } });
    for (let run = 1; run <= runs; run++) {
      const state = await lettersFlow.run({ executor, parameters: { count: textsPerRun } });
      const sum = state.resultOf(total);
      if (sum !== textsPerRun * 2_000) throw new Error(`run ${run} gave ${String(sum)}: ${state.message}`);
      await expectForgotten(client, run);
      note("scheduler heap", await heaps.usedBytes("muster scheduler"));
      for (const { name, pid } of cluster.workers) note(`${name} resident`, residentBytes(pid as number));
      if (run % 20 === 0) print(`run ${run}: ${describe(series)}`);
    }
    return series;
  } finally {
    await client.close();
    heaps.close();
    await cluster.close();
  }
}

/** Nothing of a run that has ended is left: no task, no client, no result on a worker. */
async function expectForgotten(client: Client, run: number): Promise<void> {
  let left = "";
  const forgotten = async (): Promise<boolean> => {
    const { tasks, runs, clients, workers } = await client.info();
    left = JSON.stringify({ tasks, runs, clients, workers });
    const nothingStored = workers.every(({ stored, assigned, running }) => stored + assigned + running === 0);
    return clients === 1 && workers.length === 2 && nothingStored && Object.values(tasks).every((count) => count === 0);
  };
  await eventually("the scheduler to forget a run", forgotten, 30_000).catch(() => {
    throw new Error(`run ${run} left on the scheduler: ${left}`);
  });
}

/** Growth over the runs, the first quarter left out: caches and the heap itself grow to their size in it. */
export function growths(series: Series): Map<string, number> {
  return new Map(
    Array.from(series, ([name, values]) => [name, relativeGrowth(values.slice(Math.ceil(values.length / 4)))]),
  );
}

const describe = (series: Series): string =>
  Array.from(series, ([name, values]) => `${name} ${((values.at(-1) ?? 0) / 2 ** 20).toFixed(1)} MiB`).join(", ");
