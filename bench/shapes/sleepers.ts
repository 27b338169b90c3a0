import type { Client } from "../../client/client.ts";
import { expectResult, type Shape, secondsSince } from "./shape.ts";
import { sleep } from "./tasks.ts";

const sleepMs = 10;

const sleepy: Shape = {
  name: "sleepy",
  family: "sleepy",
  summary: "10,000 × 10 ms on all slots: the ideal time over the time that it took",
  figures: [{ name: "efficiency", better: "higher" }],
  size: 10_000,
  quickSize: 50,
  // It takes most of a minute on two slots.
  repetitions: 1,
  on: "workers that run code",
  async measure({ client }, size) {
    const idealSeconds = (size * sleepMs) / 1_000 / (await slotsOf(client));
    const startMs = performance.now();
    const futures = Array.from({ length: size }, (_, i) => client.submit(sleep, [sleepMs, i]));
    const values = await client.gather(futures);
    const seconds = secondsSince(startMs);
    for (const [i, value] of values.entries()) expectResult("sleepy", value, i);
    for (const future of futures) future.release();
    return { efficiency: idealSeconds / seconds };
  },
};

const latecomers = 10;

/** A long run has all slots and a long queue when a short one comes: how long the short one takes. */
const fair: Shape = {
  name: "fair",
  family: "fair",
  summary: "100,000 × 10 ms, then 10 × 10 ms of another run: how long the second takes",
  figures: [{ name: "second run ms", better: "lower" }],
  size: 100_000,
  quickSize: 1_000,
  repetitions: 3,
  on: "workers that run code",
  async measure({ client }, size) {
    const many = Array.from({ length: size }, (_, i) => client.submit(sleep, [sleepMs, i], { run: "long" }));
    await many[0];
    const startMs = performance.now();
    const few = Array.from({ length: latecomers }, (_, i) => client.submit(sleep, [sleepMs, i], { run: "short" }));
    const values = await client.gather(few);
    const seconds = secondsSince(startMs);
    for (const [i, value] of values.entries()) expectResult("fair", value, i);
    await client.cancel(many);
    for (const future of [...many, ...few]) future.release();
    return { "second run ms": seconds * 1_000 };
  },
};

async function slotsOf(client: Client): Promise<number> {
  return (await client.info()).workers.reduce((slots, worker) => slots + worker.slots, 0);
}

export const sleepers: readonly Shape[] = [sleepy, fair];
