// What runs on the workers. Together in one module, so that a cluster is sent one bundle however many shapes it runs.
import { type Task, task } from "../../client/task.ts";

/** One of a table's rows. */
export interface Row {
  readonly key: number;
  readonly value: number;
}

/** A number for each key of a group. */
export type ByKey = Readonly<Record<string, number>>;

// ── merge, tree, chain, shuffle, map, latency ────────────────────────────────────────────────────────────────────────

export const inc: Task<[number], number> = task("inc", (x: number) => x + 1);

export const add: Task<[number, number], number> = task("add", (x: number, y: number) => x + y);

export const sum: Task<[readonly number[]], number> = task("sum", (values: readonly number[]) => {
  let total = 0;
  for (const value of values) total += value;
  return total;
});

// ── sleepy, fair, scale-up ───────────────────────────────────────────────────────────────────────────────────────────

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Blocks its slot, as code that computes does; a timer would overshoot by up to a millisecond. */
export const sleep: Task<[number, number], number> = task("sleep", (ms: number, result: number) => {
  Atomics.wait(nobody, 0, 0, ms);
  return result;
});

// ── transfer ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const payload: Task<[number, number], Uint8Array> = task("payload", (bytes: number, seed: number) =>
  new Uint8Array(bytes).fill(seed % 251),
);

/** Its length, and a byte from either end: both are wrong if what arrived is not what was sent. */
export const readPayload: Task<[Uint8Array], number> = task(
  "read-payload",
  (bytes: Uint8Array) => bytes.byteLength + (bytes[0] ?? 0) + (bytes.at(-1) ?? 0),
);

// ── bag ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const makeNumbers: Task<[number, number], number[]> = task("make-numbers", (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => from + index),
);

export const keepEven: Task<[readonly number[]], number[]> = task("keep-even", (numbers: readonly number[]) =>
  numbers.filter((number) => number % 2 === 0),
);

export const pairUp: Task<[readonly number[], readonly number[]], [number, number][]> = task(
  "pair-up",
  (left: readonly number[], right: readonly number[]) =>
    left.flatMap((x) => right.map((y): [number, number] => [x, y])),
);

export const sumOfProducts: Task<[readonly (readonly [number, number])[]], number> = task(
  "sum-of-products",
  (pairs: readonly (readonly [number, number])[]) => {
    let total = 0;
    for (const [x, y] of pairs) total += x * y;
    return total;
  },
);

// ── groupby, join ────────────────────────────────────────────────────────────────────────────────────────────────────

/** Rows `from` to `from + count` of a table in which keys take turns. */
export const makeRows: Task<[number, number, number], Row[]> = task(
  "make-rows",
  (from: number, count: number, keys: number) =>
    Array.from({ length: count }, (_, index) => ({ key: (from + index) % keys, value: from + index })),
);

export const doubleValues: Task<[readonly Row[]], Row[]> = task("double-values", (rows: readonly Row[]) =>
  rows.map(({ key, value }) => ({ key, value: 2 * value })),
);

export const dropThirds: Task<[readonly Row[]], Row[]> = task("drop-thirds", (rows: readonly Row[]) =>
  rows.filter(({ value }) => value % 3 !== 0),
);

const collect = (rows: readonly Row[], amount: (row: Row) => number): ByKey => {
  const byKey: Record<string, number> = {};
  for (const row of rows) byKey[row.key] = (byKey[row.key] ?? 0) + amount(row);
  return byKey;
};

export const sumsByKey: Task<[readonly Row[]], ByKey> = task("sums-by-key", (rows: readonly Row[]) =>
  collect(rows, ({ value }) => value),
);

export const countsByKey: Task<[readonly Row[]], ByKey> = task("counts-by-key", (rows: readonly Row[]) =>
  collect(rows, () => 1),
);

export const addByKey: Task<[readonly ByKey[]], ByKey> = task("add-by-key", (parts: readonly ByKey[]) => {
  const all: Record<string, number> = {};
  for (const part of parts) for (const [key, amount] of Object.entries(part)) all[key] = (all[key] ?? 0) + amount;
  return all;
});

export const sortKeys: Task<[ByKey], [number, number][]> = task("sort-keys", (byKey: ByKey) =>
  Object.entries(byKey)
    .map(([key, amount]): [number, number] => [Number(key), amount])
    .sort(([a], [b]) => a - b),
);

export const divideByKey: Task<[readonly [number, number][], readonly [number, number][]], [number, number][]> = task(
  "divide-by-key",
  (sums: readonly [number, number][], counts: readonly [number, number][]) =>
    sums.map(([key, amount], index): [number, number] => [key, amount / (counts[index]?.[1] ?? 0)]),
);

export const sumOfMeans: Task<[readonly [number, number][]], number> = task(
  "sum-of-means",
  (means: readonly [number, number][]) => means.reduce((total, [, mean]) => total + mean, 0),
);

export const groupInto: Task<[readonly Row[], number], Row[][]> = task(
  "group-into",
  (rows: readonly Row[], groups: number) => {
    const grouped: Row[][] = Array.from({ length: groups }, () => []);
    for (const row of rows) grouped[row.key % groups]?.push(row);
    return grouped;
  },
);

export const pickGroup: Task<[readonly Row[][], number], Row[]> = task(
  "pick-group",
  (grouped: readonly Row[][], index: number) => grouped[index] ?? [],
);

export const concatRows: Task<[readonly (readonly Row[])[]], Row[]> = task(
  "concat-rows",
  (parts: readonly (readonly Row[])[]) => parts.flat(),
);

/** Joins with a table in which each key has the price of three times itself; gives what the rows are worth. */
export const mergePrices: Task<[readonly Row[]], number> = task("merge-prices", (rows: readonly Row[]) => {
  const prices = new Map(rows.map(({ key }) => [key, 3 * key]));
  return rows.reduce((worth, { key, value }) => worth + value * (prices.get(key) ?? 0), 0);
});
