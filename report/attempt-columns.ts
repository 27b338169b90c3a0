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
  const { lane, lanes } = assignLanes(startMs, endMs, worker, workers, slotsOf);
  const order = Uint32Array.from(worker, (_, row) => row).sort(
    (a, b) => at(worker, a) - at(worker, b) || at(lane, a) - at(lane, b) || at(startMs, a) - at(startMs, b),
  );
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

function assignLanes(
  startMs: Float64Array,
  endMs: Float64Array,
  worker: Uint32Array,
  workers: Order,
  slotsOf: (worker: number) => number,
): { lane: Uint32Array; lanes: number[] } {
  const lane = new Uint32Array(startMs.length);
  const lanes = workers.numbers.map((number) => new Lanes(slotsOf(number)));
  const byStart = Uint32Array.from(worker, (_, row) => row).sort(
    (a, b) => at(startMs, a) - at(startMs, b) || at(endMs, a) - at(endMs, b),
  );
  for (const row of byStart) {
    lane[row] = (lanes[at(worker, row)] as Lanes).place(at(startMs, row), at(endMs, row));
  }
  return { lane, lanes: lanes.map(({ count }) => count) };
}

function slowestOf(startMs: Float64Array, endMs: Float64Array): Uint32Array {
  const durationMs = endMs.map((ms, row) => ms - at(startMs, row));
  return Uint32Array.from(durationMs, (_, row) => row)
    .sort((a, b) => at(durationMs, b) - at(durationMs, a) || a - b)
    .slice(0, slowestMax);
}
