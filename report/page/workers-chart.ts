import type { Fleet } from "../report-data.ts";
import { el, nothing, put } from "./dom.ts";
import { count, counted, moment } from "./format.ts";
import { LineChart } from "./line-chart.ts";
import { Table } from "./table.ts";

interface Happening {
  readonly atMs: number;
  readonly what: string;
  readonly why: string;
}

/** How many workers there were and how many were wanted, and below it what happened to them, and why. */
export class WorkersChart {
  readonly element: HTMLElement = el("div", { class: "fleet" });
  readonly #plotHost: HTMLElement = el("div");
  readonly #plot: LineChart;
  readonly #table: Table<Happening> = new Table({
    label: "What happened to workers, and what scaling decided",
    columns: [
      { title: "When", by: ({ atMs }) => atMs, isNumber: true, show: ({ atMs }) => moment(atMs) },
      { title: "What", isLong: true, by: ({ what }) => what, show: ({ what }) => what },
      { title: "Why", isLong: true, show: ({ why }) => why },
    ],
    empty: "Nothing happened to them.",
    rowsMax: 12,
  });

  constructor() {
    this.#plot = new LineChart(this.#plotHost, {
      label: "Workers over time",
      unit: "count",
      format: count,
      height: 180,
    });
  }

  /** @param untilMs where the lines end. */
  show(fleet: Fleet, untilMs: number): void {
    if (fleet.atMs.length === 0 && fleet.scaling.length === 0) {
      this.element.replaceChildren(nothing("Nothing was told of workers."));
      return;
    }
    // In the document first: a chart is as wide as the place that it has there.
    put(this.element, this.#plotHost, this.#table.element);
    const moments = [0, untilMs, ...fleet.atMs, ...fleet.scaling.map(({ atMs }) => atMs)];
    const grid = Float64Array.from(new Set(moments)).sort();
    const lines = [
      { label: "there", colour: "#4c86c6", isStepped: true, values: held(fleet.atMs, fleet.live, grid, 0) },
    ];
    if (fleet.scaling.length > 0) {
      const atMs = Float64Array.from(fleet.scaling, (decision) => decision.atMs);
      const line = (label: string, colour: string, read: (decision: Fleet["scaling"][number]) => number) => {
        const values = held(atMs, Float64Array.from(fleet.scaling, read), grid, Number.NaN);
        lines.push({ label, colour, isStepped: true, values, ...{ isDashed: true } });
      };
      line("there or on their way", "#9b7fc7", ({ requested }) => requested);
      line("wanted", "#d3ad3a", ({ target }) => target);
    }
    this.#plot.show({ atMs: grid, lines });
    this.#table.show(happenings(fleet));
  }

  destroy(): void {
    this.#plot.destroy();
    this.element.remove();
  }
}

const words = {
  joined: "joined",
  disconnected: "lost its connection",
  back: "is back",
  paused: "paused",
  running: "runs on",
  retiring: "is retiring",
  left: "left",
  lost: "was lost",
} as const;

function happenings({ changes, scaling }: Fleet): Happening[] {
  const all = [
    ...changes.map(({ atMs, worker, change, reason }) => ({ atMs, what: `${worker} ${words[change]}`, why: reason })),
    ...scaling.map(({ atMs, target, live, reason }) => ({
      atMs,
      what: `scaling wants ${counted(target, "worker")} (${live} there)`,
      why: reason,
    })),
  ];
  return all.sort((a, b) => a.atMs - b.atMs);
}

function held(atMs: Float64Array, values: ArrayLike<number>, grid: Float64Array, before: number): Float64Array {
  let index = -1;
  return grid.map((ms) => {
    while (index + 1 < atMs.length && (atMs[index + 1] as number) <= ms) index++;
    return index < 0 ? before : (values[index] as number);
  });
}
