import { Client } from "../../client/client.ts";
import { Graph, type GraphNode } from "../../client/graph.ts";
import { finished, type Shape, secondsSince } from "../shapes/shape.ts";
import { inc, sum } from "../shapes/tasks.ts";
import { ZeroCluster } from "../zero-workers/zero-cluster.ts";

/** Nine tasks and their sum. */
const groupTasks = 10;

/**
 * A graph of a million tasks is handed to a scheduler that has no workers yet, so that its heap is measured while every task
 * is there; then two zero-workers come.
 */
export const million: Shape = {
  name: "million",
  family: "million",
  summary:
    "1,000,000 tasks: how fast they are accepted, what the scheduler keeps of each, and the whole on two zero-workers",
  figures: [
    { name: "heap bytes/task", better: "lower" },
    { name: "accepted tasks/s", better: "higher" },
    { name: "makespan s", better: "lower" },
  ],
  size: 1_000_000,
  quickSize: 10_000,
  repetitions: 1,
  on: "its own clusters",
  async measure(_bed, size) {
    await using cluster = await ZeroCluster.start(0);
    await using client = await Client.connect(cluster.address, { token: cluster.token });
    const total = groupsOf(size);
    const heapBytesBefore = await cluster.heapBytes();
    const startMs = performance.now();
    const future = client.compute(total);
    const tasks = await accepted(client, size);
    const acceptedSeconds = secondsSince(startMs);
    const heapBytes = (await cluster.heapBytes()) - heapBytesBefore;
    const workersMs = performance.now();
    await cluster.add(2);
    await finished(future);
    const makespanSeconds = secondsSince(workersMs);
    future.release();
    return {
      "heap bytes/task": heapBytes / tasks,
      "accepted tasks/s": tasks / acceptedSeconds,
      "makespan s": makespanSeconds,
    };
  },
};

function groupsOf(size: number): GraphNode<number> {
  const graph = new Graph();
  const sums: GraphNode<number>[] = [];
  for (let first = 0; first < size; first += groupTasks) {
    const group = Array.from({ length: groupTasks - 1 }, (_, i) => graph.add(inc, [first + i]));
    sums.push(graph.add(sum, [group]));
  }
  return graph.add(sum, [sums]);
}

/** Asks until the scheduler knows of so many tasks. */
async function accepted(client: Client, size: number): Promise<number> {
  for (;;) {
    const { tasks } = await client.info();
    const known = Object.values(tasks).reduce((total, count) => total + count, 0);
    if (known > size) return known;
  }
}
