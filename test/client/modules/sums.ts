import { type Task, task } from "../../../client/task.ts";
import { triple } from "./lib/triple.ts";
import data from "./sums-data.json" with { type: "json" };

interface Row {
  readonly x: number;
}

export const tripled: Task<[row: Row], number> = task("tripled", (row: Row): number => triple(row.x));

export const boom: Task<[message: string], never> = task("boom", (message: string): never => {
  throw new TypeError(message);
});

const offset = await Promise.resolve(data.addends[0]);

export const shifted: Task<[x: number], number> = task("shifted", (x: number): number => x + (offset ?? 0));

if (import.meta.main) throw new Error("this module must not take itself for the main one in a bundle");
