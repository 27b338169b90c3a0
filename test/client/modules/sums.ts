import { task } from "../../../client/task.ts";
import data from "./sums-data.json" with { type: "json" };
import { triple } from "./lib/triple.ts";

interface Row {
  readonly x: number;
}

export const tripled = task("tripled", (row: Row): number => triple(row.x));

export const boom = task("boom", (message: string): never => {
  throw new TypeError(message);
});

const offset = await Promise.resolve(data.addends[0]);

export const shifted = task("shifted", (x: number): number => x + (offset ?? 0));

if (import.meta.main) throw new Error("this module must not take itself for the main one in a bundle");
