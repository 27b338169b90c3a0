import type { CriticalPath, ReportData } from "../report-data.ts";
import type { NameColours } from "./colours.ts";
import { el } from "./dom.ts";
import { counted, duration, moment, percent } from "./format.ts";
import { Table } from "./table.ts";
import { type AttemptRow, attemptRowsAt, swatched } from "./tasks-table.ts";

interface Step extends AttemptRow {
  readonly place: number;
  readonly waitedMs: number;
}

/** The longest chain, step by step, and what follows from it for the run's duration. */
export function criticalPathView(data: ReportData, colours: NameColours): HTMLElement {
  const { criticalPath, attempts, names, workers } = data;
  const table = new Table<Step>({
    label: "Critical path",
    columns: [
      { title: "Step", by: ({ place }) => -place, isNumber: true, show: ({ place }) => String(place) },
      { title: "Key", isLong: true, by: ({ key }) => key, show: ({ key }) => key },
      { title: "Task", by: ({ name }) => name, show: ({ name }) => swatched(name, colours) },
      { title: "Took", by: ({ tookMs }) => tookMs, isNumber: true, show: ({ tookMs }) => duration(tookMs) },
      {
        title: "Waited",
        hint: "From the end of the last of its inputs to its start",
        by: ({ waitedMs }) => waitedMs,
        isNumber: true,
        show: ({ waitedMs }) => duration(waitedMs),
      },
      { title: "Started", by: ({ startMs }) => startMs, isNumber: true, show: ({ startMs }) => moment(startMs) },
      { title: "Worker", by: ({ worker }) => worker, show: ({ worker }) => worker },
    ],
    empty: "No task gave a result, so that there is no chain of them.",
    rowsMax: 12,
  });
  const steps = attemptRowsAt(criticalPath.rows, attempts, names, workers);
  table.show(
    steps.map((step, index) => ({ ...step, place: index + 1, waitedMs: criticalPath.waitedMs[index] as number })),
  );
  return el("div", {}, el("p", {}, boundText(data, criticalPath)), table.element);
}

function boundText({ meta, totals, workers }: ReportData, { computingMs, rows }: CriticalPath): string {
  if (rows.length === 0) return "";
  const tookMs = meta.endMs - meta.startMs;
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  const whole = tookMs > 0 ? ` (${percent(computingMs / tookMs)} of the ${duration(tookMs)} that the run took)` : "";
  const shared =
    slots > 0
      ? ` All attempts together computed for ${duration(totals.computingMs)}: ${counted(slots, "slot")} cannot be done before ${duration(totals.computingMs / slots)}.`
      : "";
  return `The longest chain has ${counted(rows.length, "task")}, which computed for ${duration(computingMs)}${whole}. However many workers there are, the run cannot take less.${shared}`;
}
