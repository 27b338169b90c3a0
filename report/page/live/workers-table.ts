import type { WorkerInfo } from "../../../protocol/cluster-info.ts";
import { el } from "../dom.ts";
import { bytes, count } from "../format.ts";
import { Table } from "../table.ts";
import { meter } from "./meter.ts";
import { link } from "./page.ts";
import { to } from "./route.ts";

/** Above this part of its limit, a worker is about to pause. */
const tightPart = 0.7;

export function workersTable(rowsMax: number): Table<WorkerInfo> {
  return new Table<WorkerInfo>({
    label: "Workers",
    empty: "No worker is connected. Start one with “muster worker” and this scheduler's address.",
    rowsMax,
    sortedBy: 0,
    columns: [
      { title: "Name", by: ({ name }) => name, show: ({ name }) => link(to(["workers", name]), name) },
      {
        title: "Status",
        by: ({ status }) => status,
        show: ({ status }) => el("span", { class: `mark mark-${status}` }, status),
      },
      {
        title: "Slots",
        by: ({ running, slots }) => running / slots,
        isNumber: true,
        show: ({ running, slots }) => meter(running, slots, `${count(running)} / ${count(slots)}`),
      },
      { title: "Sent to it", by: ({ assigned }) => assigned, isNumber: true, show: ({ assigned }) => count(assigned) },
      {
        title: "Memory",
        by: ({ memoryBytes }) => memoryBytes,
        isNumber: true,
        show: ({ memoryBytes, memoryLimitBytes: limit }) =>
          limit === 0
            ? bytes(memoryBytes)
            : meter(memoryBytes, limit, `${bytes(memoryBytes)} / ${bytes(limit)}`, memoryBytes > limit * tightPart),
      },
      {
        title: "Results",
        by: ({ storedBytes }) => storedBytes,
        isNumber: true,
        show: ({ stored, storedBytes }) => `${count(stored)} · ${bytes(storedBytes)}`,
      },
      { title: "Host", by: ({ host }) => host, show: ({ host, pid }) => `${host} · ${pid}` },
    ],
  });
}
