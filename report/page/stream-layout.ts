import type { AttemptColumns, DiskColumns, TransferColumns, WorkerRow } from "../report-data.ts";

/** Spans in rows; those of one row stand together, by start. */
export interface SpanRows {
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  /** Of each row: its first span, and at last the end. */
  readonly bounds: Uint32Array;
  /** Of each row: its longest span, so that one knows how far before a moment to look for what is still there. */
  readonly longestMs: Float64Array;
}

/** Where a row of the picture lies, in pixels of the style sheet from the top of all rows. */
export interface LaidRow {
  readonly kind: "lane" | "strip";
  /** Index among the workers. */
  readonly worker: number;
  /** Index among the rows of the attempts, or of the moves. */
  readonly row: number;
  readonly top: number;
  readonly height: number;
}

export interface StreamLayout {
  readonly rows: readonly LaidRow[];
  readonly height: number;
}

/** Attempts stand by worker, lane and start already. */
export function attemptRows(
  { count, worker, lane, startMs, endMs }: AttemptColumns,
  workers: readonly WorkerRow[],
): SpanRows {
  const firstOf: number[] = [];
  let rows = 0;
  for (const { lanes } of workers) {
    firstOf.push(rows);
    rows += lanes;
  }
  const rowOf = (index: number): number => (firstOf[worker[index] as number] as number) + (lane[index] as number);
  return { startMs, endMs, ...boundsOf(rows, count, rowOf, startMs, endMs) };
}

export const moveKinds = ["transfer", "write", "read"] as const;

/** What moved to a worker, and to and from its disk: a row for each worker. */
export interface MoveRows extends SpanRows {
  /** Index among `moveKinds`. */
  readonly kind: Uint8Array;
  /** Row of the transfers or of the uses of disks. */
  readonly source: Uint32Array;
}

export function moveRows(transfers: TransferColumns, disk: DiskColumns, workers: readonly WorkerRow[]): MoveRows {
  const total = transfers.count + disk.count;
  const worker = joined(new Uint32Array(total), transfers.worker, disk.worker);
  const starts = joined(new Float64Array(total), transfers.startMs, disk.startMs);
  const ends = joined(new Float64Array(total), transfers.endMs, disk.endMs);
  const order = merged(transfers.count, worker, starts);
  const startMs = Float64Array.from(order, (index) => starts[index] as number);
  const endMs = Float64Array.from(order, (index) => ends[index] as number);
  const rowOf = (place: number): number => worker[order[place] as number] as number;
  const kindOf = (index: number): number => (disk.isWrite[index - transfers.count] === 1 ? 1 : 2);
  return {
    startMs,
    endMs,
    ...boundsOf(workers.length, total, rowOf, startMs, endMs),
    kind: Uint8Array.from(order, (index) => (index < transfers.count ? 0 : kindOf(index))),
    source: order.map((index) => (index < transfers.count ? index : index - transfers.count)),
  };
}

function joined<Column extends Uint32Array | Float64Array>(whole: Column, first: Column, second: Column): Column {
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/** Both parts are by worker and start; taking the earlier of their heads again and again orders them together. */
function merged(firstCount: number, worker: Uint32Array, startMs: Float64Array): Uint32Array {
  const total = worker.length;
  const order = new Uint32Array(total);
  let first = 0;
  let second = firstCount;
  for (let place = 0; place < total; place++) {
    const before = (): number =>
      (worker[first] as number) - (worker[second] as number) ||
      (startMs[first] as number) - (startMs[second] as number);
    order[place] = second >= total || (first < firstCount && before() <= 0) ? first++ : second++;
  }
  return order;
}

function boundsOf(
  rows: number,
  count: number,
  rowOf: (index: number) => number,
  startMs: Float64Array,
  endMs: Float64Array,
): Pick<SpanRows, "bounds" | "longestMs"> {
  const bounds = new Uint32Array(rows + 1);
  const longestMs = new Float64Array(rows);
  for (let index = 0; index < count; index++) {
    const row = rowOf(index);
    bounds[row + 1] = (bounds[row + 1] as number) + 1;
    longestMs[row] = Math.max(longestMs[row] as number, (endMs[index] as number) - (startMs[index] as number));
  }
  for (let row = 1; row <= rows; row++) bounds[row] = (bounds[row] as number) + (bounds[row - 1] as number);
  return { bounds, longestMs };
}

/** The first span of a row that may reach past a moment. */
export function firstAt({ startMs, bounds, longestMs }: SpanRows, row: number, atMs: number): number {
  let low = bounds[row] as number;
  let high = bounds[row + 1] as number;
  const fromMs = atMs - (longestMs[row] as number);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((startMs[middle] as number) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Rows are as high as fits `heightWanted`, within what can be seen and what looks well. */
export function layOut(workers: readonly WorkerRow[], moves: SpanRows, heightWanted: number): StreamLayout {
  const hasMoves = (worker: number): boolean => (moves.bounds[worker + 1] as number) > (moves.bounds[worker] as number);
  const shown = workers
    .map((row, worker) => ({ ...row, worker }))
    .filter((row) => row.lanes > 0 || hasMoves(row.worker));
  const lanes = shown.reduce((sum, row) => sum + row.lanes, 0);
  const laneHeight = Math.max(4, Math.min(20, Math.floor(heightWanted / Math.max(1, lanes + shown.length * 0.6))));
  const stripHeight = Math.max(2, Math.round(laneHeight / 3));
  const gap = laneHeight >= 8 ? 5 : 2;
  const rows: LaidRow[] = [];
  let top = 0;
  let lane = 0;
  for (const { worker, lanes: own } of shown) {
    for (let index = 0; index < own; index++) {
      rows.push({ kind: "lane", worker, row: lane++, top, height: laneHeight - 1 });
      top += laneHeight;
    }
    if (hasMoves(worker)) {
      rows.push({ kind: "strip", worker, row: worker, top, height: stripHeight });
      top += stripHeight;
    }
    top += gap;
  }
  return { rows, height: top };
}
