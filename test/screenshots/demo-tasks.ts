import { scheduler } from "node:timers/promises";
import { type Task, task, taskContext } from "muster";

// A small pipeline with something of everything that pages show: waves, reductions, failures, logs, large values.

export const extract: Task<[month: number], Promise<Uint8Array>> = task(
  "extract",
  async (month: number): Promise<Uint8Array> => {
    taskContext().log.info({ month }, "reading the month's file");
    await scheduler.wait(120 + 40 * (month % 5));
    return new Uint8Array(2 ** 20).fill(month);
  },
);

export const clean: Task<[rows: Uint8Array], number[]> = task("clean", (rows: Uint8Array): number[] => {
  const sums = [0, 0, 0, 0];
  for (let round = 0; round < 40; round++)
    rows.forEach((row, index) => {
      sums[index % 4] = ((sums[index % 4] as number) + row * round) % 9_973;
    });
  return sums;
});

export const join: Task<[left: number[], right: number[]], Promise<number[]>> = task(
  "join",
  async (left: number[], right: number[]): Promise<number[]> => {
    await scheduler.wait(60);
    return left.map((value, index) => value + (right[index] ?? 0));
  },
);

export const validate: Task<[rows: number[], month: number], Promise<number>> = task(
  "validate",
  async (rows: number[], month: number): Promise<number> => {
    await scheduler.wait(30);
    if (month === 7) throw new RangeError("month 7 has rows from the future: check the clock of the source");
    console.log(`month ${month}: ${rows.length} columns are fine`);
    return rows.length;
  },
);

export const summarize: Task<[all: number[][]], number> = task("summarize", (all: number[][]): number =>
  all.flat().reduce((sum, value) => sum + value, 0),
);

export const train: Task<[epoch: number], Promise<number>> = task("train", async (epoch: number): Promise<number> => {
  const { signal } = taskContext();
  for (let step = 0; step < 600 && !signal.aborted; step++) await scheduler.wait(100);
  return epoch;
});

export const hostile: Task<[x: number], number> = task("<script>alert(1)</script>", (x: number): number => x);
