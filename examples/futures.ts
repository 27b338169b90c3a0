// The futures API: no flow, just a cluster, and functions that run on it.
//
//   node examples/futures.ts

import { asCompleted, Client, Graph, task } from "muster";
import { LocalCluster } from "muster/cluster/local";

const inc = task("inc", (x: number): number => x + 1);
const add = task("add", (x: number, y: number): number => x + y);
const sum = task("sum", (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0));

if (import.meta.main) {
  const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  const client = await Client.connect(cluster);
  try {
    // A future stands for a result that may not be there yet, and may be passed on as an argument.
    const one = client.submit(inc, [0]);
    const two = client.submit(inc, [one]);
    console.log("1 + 2 =", await client.submit(add, [one, two]));

    // Many at once; what is ready comes first.
    const squares = client.map((x: number) => x * x, [1, 2, 3, 4]);
    let seen = 0;
    for await (const future of asCompleted(squares)) {
      await future;
      seen++;
    }
    console.log(`${seen} squares:`, await client.gather(squares));

    // A graph is sent whole, so that the scheduler can plan ahead; only the result that is asked for is kept.
    const graph = new Graph();
    const leaves = Array.from({ length: 100 }, (_, i) => graph.add(inc, [i]));
    console.log("sum of 1 to 100:", await client.compute(graph.add(sum, [leaves])));
  } finally {
    await client.close();
    await cluster.close();
  }
}
