import { expectResult, finished, type Shape, secondsSince, settle, tasksPerSecond } from "./shape.ts";
import { inc } from "./tasks.ts";

// Tasks that are submitted one by one, rather than as a graph.

const map: Shape = {
  name: "map-10k",
  family: "map",
  summary: "10,000 × submit, gather",
  figures: [tasksPerSecond],
  size: 10_000,
  quickSize: 500,
  repetitions: 5,
  on: "any workers",
  async measure({ client, computes }, size) {
    const startMs = performance.now();
    const futures = Array.from({ length: size }, (_, i) => client.submit(inc, [i]));
    if (computes) {
      const values = await client.gather(futures);
      for (const [i, value] of values.entries()) expectResult(`map: inc(${i})`, value, i + 1);
    } else {
      await Promise.all(futures.map(finished));
    }
    const seconds = secondsSince(startMs);
    for (const future of futures) future.release();
    return { [tasksPerSecond.name]: size / seconds };
  },
};

const latency: Shape = {
  name: "latency",
  family: "latency",
  summary: "submit + result, 300 times, one after another",
  figures: [
    { name: "p50 µs", better: "lower" },
    { name: "p99 µs", better: "lower" },
  ],
  size: 300,
  quickSize: 30,
  repetitions: 5,
  on: "any workers",
  async measure(bed, size) {
    const tookUs: number[] = [];
    for (let i = 0; i < size; i++) {
      const startMs = performance.now();
      await settle(bed, "latency", bed.client.submit(inc, [i]), i + 1);
      tookUs.push(1e6 * secondsSince(startMs));
    }
    tookUs.sort((a, b) => a - b);
    return { "p50 µs": percentile(tookUs, 0.5), "p99 µs": percentile(tookUs, 0.99) };
  },
};

/** Of numbers in ascending order: the least that is not below this share of them. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.max(0, Math.ceil(share * ascending.length) - 1)] ?? Number.NaN;
}

export const submissions: readonly Shape[] = [map, latency];
