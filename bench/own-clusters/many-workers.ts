import { Client } from "../../client/client.ts";
import { mergeOf } from "../shapes/plain-graphs.ts";
import type { Bed, Figure, Sample, Shape } from "../shapes/shape.ts";
import { ZeroCluster } from "../zero-workers/zero-cluster.ts";

const counts = [10, 100, 1_000];
/** The first warms up; of the others the best counts, so that what is compared are two bests. */
const runs = 4;
const merge = mergeOf("20k", 20_000);

const figureOf = (workers: number): string => `µs/task, ${workers.toLocaleString("en")} workers`;
const growth = "1,000 : 10 workers";

/** What a task costs must not grow with the workers: merges on ever more zero-workers. */
export const manyWorkers: Shape = {
  name: "many-workers",
  family: "many-workers",
  summary: "20,000 tasks on 10, 100 and 1,000 zero-workers, which answer at once and run nothing",
  figures: [
    { name: growth, better: "lower" },
    ...counts.map((workers): Figure => ({ name: figureOf(workers), better: "lower" })),
  ],
  size: merge.size,
  quickSize: merge.quickSize,
  repetitions: 1,
  on: "its own clusters",
  async measure(_bed, size) {
    await using cluster = await ZeroCluster.start(0);
    await using client = await Client.connect(cluster.address, { token: cluster.token });
    const sample: Record<string, number> = {};
    let workers = 0;
    for (const count of counts) {
      await cluster.add(count - workers);
      workers = count;
      sample[figureOf(count)] = await leastUsPerTask({ client, computes: false }, size);
    }
    return withGrowth(sample);
  },
};

async function leastUsPerTask(bed: Bed, size: number): Promise<number> {
  const all: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { "tasks/s": tasksPerSecond = 0 } = await merge.measure(bed, size);
    all.push(1e6 / tasksPerSecond);
  }
  return Math.min(...all.slice(1));
}

function withGrowth(sample: Sample): Sample {
  const [few = 0, many = 0] = [sample[figureOf(10)], sample[figureOf(1_000)]];
  return { ...sample, [growth]: many / few };
}
