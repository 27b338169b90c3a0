import type { Order } from "./order.ts";
import type { Records } from "./records.ts";
import type { ReportMeta, WorkerRow } from "./report-data.ts";

export function workerRows(
  { fleet, attempts }: Records,
  meta: ReportMeta,
  workers: Order,
  lanes: readonly number[],
): WorkerRow[] {
  return workers.numbers.map((number, place) => {
    const last = fleet.known[number]?.last;
    return {
      name: workers.texts[place] as string,
      host: last?.host ?? "",
      pid: last?.pid ?? 0,
      slots: last?.slots ?? 0,
      memoryLimitBytes: last?.memoryLimitBytes ?? 0,
      lanes: lanes[place] ?? 0,
      state: last?.change ?? "left",
      reason: last?.reason ?? "",
      attempts: attempts.counts[number] ?? 0,
      busyMs: attempts.busyMs[number] ?? 0,
      slotMs: fleet.slotMs(number, meta.startMs, meta.endMs),
    };
  });
}
