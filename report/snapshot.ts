import { orderAttempts } from "./attempt-columns.ts";
import { at } from "./cell.ts";
import { longestChain } from "./critical-path.ts";
import { droppedFrom } from "./dropped.ts";
import { graphFrom } from "./graph-data.ts";
import { type Links, linksOf } from "./links.ts";
import { movedByName } from "./moved-by-name.ts";
import { nameRows } from "./name-rows.ts";
import { collator, type Order, orderOf } from "./order.ts";
import type { Records } from "./records.ts";
import type {
  CriticalPath,
  DiskColumns,
  EndColumns,
  Fleet,
  LogColumns,
  ReportData,
  ReportMeta,
  TransferColumns,
} from "./report-data.ts";
import { Timeline } from "./timeline.ts";
import { totalsFrom } from "./totals.ts";
import { workerRows } from "./worker-rows.ts";

export function takeSnapshot(records: Records, meta: ReportMeta): ReportData {
  const timeline = new Timeline(meta.startMs);
  const workers = orderOf(records.workers.texts, (a, b) => collator.compare(a.text, b.text));
  const totalMsOf = (number: number): number => records.attempts.byName[number]?.totalMs ?? 0;
  const names = orderOf(records.names.texts, (a, b) => totalMsOf(b.number) - totalMsOf(a.number));
  const slotsOf = (number: number): number => records.fleet.known[number]?.last.slots ?? 0;
  const { columns, deps, lanes } = orderAttempts(records.attempts, timeline, workers, names, slotsOf);
  const links = linksOf(columns.task, columns.fate, columns.count, deps);
  const chain = longestChain({ ...links, durationMs: (row) => at(columns.endMs, row) - at(columns.startMs, row) });
  const rows = workerRows(records, meta, workers, lanes);
  return {
    meta,
    totals: totalsFrom(records, rows),
    workers: rows,
    names: nameRows(records, columns, names),
    attempts: columns,
    transfers: transferColumns(records, timeline, workers),
    disk: diskColumns(records, timeline, workers),
    ends: endColumns(records, timeline),
    fleet: fleetFrom(records, timeline),
    vitals: [...records.vitals.values()]
      .map((record) => record.series(meta.startMs))
      .sort(
        (a, b) =>
          Number(b.process === "scheduler") - Number(a.process === "scheduler") ||
          collator.compare(a.process, b.process),
      ),
    graph: graphFrom(records, columns, links, names, chain.rows),
    criticalPath: criticalPathFrom(columns.startMs, columns.endMs, links, chain),
    moved: {
      places: [...records.moves.places.texts],
      routes: Array.from(records.moves.routes, (route) => ({ ...route })),
      byName: movedByName(columns, links),
    },
    profiles: (["tasks", "scheduler"] as const).flatMap((kind) => {
      const profile = records.profiles[kind];
      return profile.isEmpty ? [] : [profile.tree(kind)];
    }),
    logs: logColumns(records, timeline),
    dropped: droppedFrom(records),
  };
}

function criticalPathFrom(
  startMs: Float64Array,
  endMs: Float64Array,
  links: Links,
  chain: { rows: readonly number[]; sumMs: number },
): CriticalPath {
  const waitedMs = chain.rows.map((row) => {
    const ready = (links.deps[row] ?? []).reduce(
      (latest, dep) => Math.max(latest, at(endMs, dep)),
      Number.NEGATIVE_INFINITY,
    );
    return Number.isFinite(ready) ? Math.max(0, at(startMs, row) - ready) : 0;
  });
  return { computingMs: chain.sumMs, rows: Uint32Array.from(chain.rows), waitedMs: Float64Array.from(waitedMs) };
}

function transferColumns({ moves: { transfers } }: Records, timeline: Timeline, workers: Order): TransferColumns {
  const worker = placesOf(transfers.column("worker"), workers);
  const order = byWorkerAndStart(worker, transfers.column("startMs"));
  return {
    count: transfers.count,
    worker: order.map((row) => at(worker, row)),
    from: Uint32Array.from(pick(transfers.column("from"), order)),
    tasks: Uint32Array.from(pick(transfers.column("tasks"), order)),
    bytes: pick(transfers.column("bytes"), order),
    startMs: timeline.since(pick(transfers.column("startMs"), order)),
    endMs: timeline.since(pick(transfers.column("endMs"), order)),
  };
}

function diskColumns({ moves: { disk } }: Records, timeline: Timeline, workers: Order): DiskColumns {
  const worker = placesOf(disk.column("worker"), workers);
  const order = byWorkerAndStart(worker, disk.column("startMs"));
  return {
    count: disk.count,
    worker: order.map((row) => at(worker, row)),
    isWrite: Uint8Array.from(pick(disk.column("isWrite"), order)),
    bytes: pick(disk.column("bytes"), order),
    startMs: timeline.since(pick(disk.column("startMs"), order)),
    endMs: timeline.since(pick(disk.column("endMs"), order)),
  };
}

function placesOf(numbers: Float64Array, workers: Order): Uint32Array {
  return Uint32Array.from(numbers, (number) => at(workers.places, number));
}

function byWorkerAndStart(worker: Uint32Array, startMs: Float64Array): Uint32Array {
  return Uint32Array.from(worker, (_, row) => row).sort(
    (a, b) => at(worker, a) - at(worker, b) || at(startMs, a) - at(startMs, b),
  );
}

function pick(column: Float64Array, order: Uint32Array): Float64Array {
  return Float64Array.from(order, (row) => at(column, row));
}

function endColumns({ ends }: Records, timeline: Timeline): EndColumns {
  return {
    count: ends.count,
    atMs: timeline.since(ends.column("atMs")),
    isFailed: Uint8Array.from(ends.column("isFailed")),
    key: [...ends.texts("key")],
    name: [...ends.texts("name")],
    code: [...ends.texts("code")],
    message: [...ends.texts("message")],
    origin: [...ends.texts("origin")],
  };
}

function fleetFrom({ fleet: { changes, scaling } }: Records, timeline: Timeline): Fleet {
  const changedMs = timeline.since(changes.column("atMs"));
  const decidedMs = timeline.since(scaling.column("atMs"));
  const text = (texts: readonly string[], row: number): string => texts[row] as string;
  return {
    atMs: changedMs,
    live: Uint32Array.from(changes.column("live")),
    changes: Array.from(changedMs, (atMs, row) => ({
      atMs,
      worker: text(changes.texts("worker"), row),
      change: text(changes.texts("change"), row) as Fleet["changes"][number]["change"],
      reason: text(changes.texts("reason"), row),
    })),
    scaling: Array.from(decidedMs, (atMs, row) => ({
      atMs,
      live: at(scaling.column("live"), row),
      requested: at(scaling.column("requested"), row),
      target: at(scaling.column("target"), row),
      reason: text(scaling.texts("reason"), row),
    })),
  };
}

function logColumns({ logs }: Records, timeline: Timeline): LogColumns {
  return {
    count: logs.count,
    atMs: timeline.since(logs.column("atMs")),
    level: Uint8Array.from(logs.column("level")),
    source: Uint8Array.from(logs.column("source")),
    worker: [...logs.texts("worker")],
    key: [...logs.texts("key")],
    text: [...logs.texts("text")],
  };
}
