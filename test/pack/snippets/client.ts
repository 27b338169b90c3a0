// The futures API as its users write it.
import { asCompleted, Client, type Future, Graph, task, taskContext, wait } from "muster";
import { LocalCluster } from "muster/cluster/local";

const inc = task("inc", (x: number) => x + 1);
const sum = task("sum", (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0));
const where = task("where", () => taskContext().worker.name, { retries: 1 });

function expectEqual(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

if (import.meta.main) {
  const cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 1 });
  try {
    const client = await Client.connect(cluster);
    try {
      const one: Future<number> = client.submit(inc, [1]);
      const value: number = await one;
      expectEqual(value, 2);
      expectEqual(await client.submit(inc, [1], { key: "mine", priority: 1 }).result({ timeoutMs: 30_000 }), 2);

      const mapped: Future<number>[] = client.map(inc, [1, 2, 3]);
      const numbers: number[] = await client.gather(mapped);
      expectEqual(numbers, [2, 3, 4]);
      expectEqual(await client.submit(sum, [mapped]), 9);

      const seen: number[] = [];
      for await (const future of asCompleted(mapped)) seen.push(await future);
      expectEqual(seen.sort(), [2, 3, 4]);
      await wait(mapped, { returnWhen: "all", timeoutMs: 30_000 });

      const [placed] = await client.scatter([40]);
      if (placed === undefined) throw new Error("scatter gave nothing");
      expectEqual(await client.submit(inc, [placed]), 41);

      const graph = new Graph();
      const a = graph.add(inc, [1]);
      const b = graph.add(sum, [[a, a]]);
      const total: number = await client.compute(b);
      expectEqual(total, 4);

      expectEqual(await client.submit((x: number) => x * 2, [21]), 42);
      expectEqual(typeof (await client.submit(where, [])), "string");
      expectEqual((await client.info()).workers.length, 2);
    } finally {
      await client.close();
    }
  } finally {
    await cluster.close();
  }
  process.stdout.write("client ok\n");
}
