import type { AttemptRecord } from "./attempt-record.ts";
import { at } from "./cell.ts";
import { Lanes } from "./lanes.ts";
import type { Order } from "./order.ts";
import type { AttemptColumns } from "./report-data.ts";
import type { Timeline } from "./timeline.ts";

const slowestMax = 100;

export interface OrderedAttempts {
  readonly columns: AttemptColumns;
  /** The tasks that each row takes results of. */
  readonly deps: readonly (readonly number[])[];
  /** How many lanes each worker has, in the report's order of workers. */
  readonly lanes: readonly number[];
}

/** The attempts that are kept, in the order in which they are drawn. */
export function orderAttempts(
  { kept, deps }: AttemptRecord,
  timeline: Timeline,
  workers: Order,
  names: Order,
  slotsOf: (worker: number) => number,
): OrderedAttempts {
  const startMs = kept.column("startMs");
  const endMs = kept.column("endMs");
  const worker = Uint32Array.from(kept.column("worker"), (number) => at(workers.places, number));
  const byStart = inOrder(startMs, endMs);
  const { lane, lanes } = assignLanes(byStart, startMs, endMs, worker, workers, slotsOf);
  const order = byLane(byStart, worker, lane, lanes);
  const pick = (column: { readonly [index: number]: number }): Float64Array =>
    Float64Array.from(order, (row) => at(column, row));
  const texts = (column: readonly string[]): string[] => Array.from(order, (row) => column[row] as string);
  const columns = {
    count: order.length,
    task: Uint32Array.from(pick(kept.column("task"))),
    attempt: Uint32Array.from(pick(kept.column("attempt"))),
    worker: Uint32Array.from(pick(worker)),
    lane: Uint32Array.from(pick(lane)),
    name: Uint32Array.from(pick(kept.column("name")), (number) => at(names.places, number)),
    fate: Uint8Array.from(pick(kept.column("fate"))),
    startMs: timeline.since(pick(startMs)),
    endMs: timeline.since(pick(endMs)),
    bytes: pick(kept.column("bytes")),
    key: texts(kept.texts("key")),
    message: texts(kept.texts("message")),
  };
  const slowest = slowestOf(columns.startMs, columns.endMs);
  return { columns: { ...columns, slowest }, deps: Array.from(order, (row) => deps[row] ?? []), lanes };
}

function inOrder(startMs: Float64Array, endMs: Float64Array): Uint32Array {
  return Uint32Array.from(startMs, (_, row) => row).sort(
    (a, b) => at(startMs, a) - at(startMs, b) || at(endMs, a) - at(endMs, b),
  );
}

function assignLanes(
  byStart: Uint32Array,
  startMs: Float64Array,
  endMs: Float64Array,
  worker: Uint32Array,
  workers: Order,
  slotsOf: (worker: number) => number,
): { lane: Uint32Array; lanes: number[] } {
  const lane = new Uint32Array(startMs.length);
  const lanes = workers.numbers.map((number) => new Lanes(slotsOf(number)));
  for (const row of byStart) {
    lane[row] = (lanes[at(worker, row)] as Lanes).place(at(startMs, row), at(endMs, row));
  }
  return { lane, lanes: lanes.map(({ count }) => count) };
}

/** Rows by worker and lane that within each keep the order that they have: each goes to the next free place of its lane. */
function byLane(rows: Uint32Array, worker: Uint32Array, lane: Uint32Array, lanes: readonly number[]): Uint32Array {
  const firstLanes: number[] = [];
  let lanesBefore = 0;
  for (const count of lanes) {
    firstLanes.push(lanesBefore);
    lanesBefore += count;
  }
  const laneOf = (row: number): number => at(firstLanes, at(worker, row)) + at(lane, row);
  const next = new Uint32Array(lanesBefore + 1);
  for (const row of rows) next[laneOf(row) + 1] = at(next, laneOf(row) + 1) + 1;
  for (let index = 1; index < next.length; index++) next[index] = at(next, index) + at(next, index - 1);
  const ordered = new Uint32Array(rows.length);
  for (const row of rows) {
    const place = at(next, laneOf(row));
    ordered[place] = row;
    next[laneOf(row)] = place + 1;
  }
  return ordered;
}

function slowestOf(startMs: Float64Array, endMs: Float64Array): Uint32Array {
  const durationMs = endMs.map((ms, row) => ms - at(startMs, row));
  const leastMs = durationMs.slice().sort().at(-slowestMax) ?? 0;
  return Uint32Array.from(durationMs, (_, row) => row)
    .filter((row) => at(durationMs, row) >= leastMs)
    .sort((a, b) => at(durationMs, b) - at(durationMs, a) || a - b)
    .slice(0, slowestMax);
}
