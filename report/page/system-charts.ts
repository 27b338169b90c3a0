import type { VitalsSeries } from "../report-data.ts";
import { NameColours } from "./colours.ts";
import { el, nothing, put } from "./dom.ts";
import { bytes, counted, duration } from "./format.ts";
import { type Line, LineChart } from "./line-chart.ts";
import { across, gridOf, resample } from "./resample.ts";

/** With more processes than this, workers are shown together. */
const processesMax = 6;
const pointsMax = 600;

type Measure = Exclude<keyof VitalsSeries, "process" | "atMs">;

interface Chart {
  readonly title: string;
  readonly measure: Measure;
  readonly format: (value: number) => string;
  readonly unit?: "bytes";
}

const perSecond = (value: number): string => `${bytes(value)}/s`;

const charts: readonly Chart[] = [
  { title: "CPU, of one core", measure: "cpuPercent", format: (value) => `${Math.round(value)} %` },
  { title: "Memory", measure: "memoryBytes", format: bytes, unit: "bytes" },
  { title: "Results held in memory", measure: "storedBytes", format: bytes, unit: "bytes" },
  { title: "Event-loop delay", measure: "eventLoopDelayMs", format: duration },
  { title: "Sent over the network", measure: "sentBytesPerS", format: perSecond, unit: "bytes" },
  { title: "Received over the network", measure: "receivedBytesPerS", format: perSecond, unit: "bytes" },
];

/** CPU, memory, delay and network of each process; of many workers, the median and the largest, and any one on request. */
export class SystemCharts {
  readonly element: HTMLElement = el("div", { class: "system" });
  readonly #charts: readonly { readonly chart: Chart; readonly plot: LineChart }[];
  readonly #picker: HTMLSelectElement = el("select", { "aria-label": "Process to show beside the others" });
  readonly #pick: HTMLElement = el("label", { class: "tools" }, "Show also ", this.#picker);
  readonly #body: HTMLElement = el("div", { class: "charts" });
  #vitals: readonly VitalsSeries[] = [];

  constructor() {
    this.#charts = charts.map((chart) => {
      const host = el("div");
      this.#body.append(el("figure", {}, el("figcaption", {}, chart.title), host));
      return {
        chart,
        plot: new LineChart(host, {
          label: chart.title,
          sync: "system",
          format: chart.format,
          height: 170,
          ...(chart.unit ? { unit: chart.unit } : {}),
        }),
      };
    });
    this.#picker.addEventListener("change", () => this.#draw());
  }

  show(vitals: readonly VitalsSeries[]): void {
    this.#vitals = vitals.filter(({ atMs }) => atMs.length > 0);
    if (this.#vitals.length === 0) {
      this.element.replaceChildren(
        nothing("Nothing was measured: the run was over before the first measurement, or nobody asked for any."),
      );
      return;
    }
    const chosen = this.#picker.value;
    const names = this.#vitals.map(({ process }) => process).filter((name) => name !== "scheduler");
    this.#picker.replaceChildren(
      el("option", { value: "" }, "no single worker"),
      ...names.map((name) => el("option", { value: name }, name)),
    );
    this.#picker.value = names.includes(chosen) ? chosen : "";
    put(this.element, ...(this.#isMany ? [this.#pick] : []), this.#body);
    this.#draw();
  }

  destroy(): void {
    for (const { plot } of this.#charts) plot.destroy();
    this.element.remove();
  }

  get #isMany(): boolean {
    return this.#vitals.length > processesMax;
  }

  #draw(): void {
    const grid = gridOf(this.#vitals, pointsMax);
    for (const { chart, plot } of this.#charts) {
      const lines = this.#isMany ? this.#together(chart.measure, grid) : this.#each(chart.measure, grid);
      plot.show({ atMs: grid, lines });
    }
  }

  #each(measure: Measure, grid: Float64Array): Line[] {
    const colours = new NameColours();
    return this.#vitals.map((series) => ({
      label: series.process,
      colour: series.process === "scheduler" ? "--ink" : colours.of(series.process),
      values: resample(series.atMs, series[measure], grid),
    }));
  }

  #together(measure: Measure, grid: Float64Array): Line[] {
    const sampled = (series: VitalsSeries): Float64Array => resample(series.atMs, series[measure], grid);
    const workers = this.#vitals.filter(({ process }) => process !== "scheduler");
    const columns = workers.map(sampled);
    const scheduler = this.#vitals.find(({ process }) => process === "scheduler");
    const chosen = workers.find(({ process }) => process === this.#picker.value);
    const all = counted(workers.length, "worker");
    return [
      ...(scheduler ? [{ label: "scheduler", colour: "--ink", values: sampled(scheduler) }] : []),
      { label: `median of ${all}`, colour: "#4c86c6", values: across(columns, grid.length, middle) },
      {
        label: "largest",
        colour: "#9b7fc7",
        isDashed: true,
        values: across(columns, grid.length, (sorted) => sorted.at(-1) ?? Number.NaN),
      },
      ...(chosen ? [{ label: chosen.process, colour: "#5aa874", values: sampled(chosen) }] : []),
    ];
  }
}

const middle = (sorted: Float64Array): number => sorted[sorted.length >>> 1] ?? Number.NaN;
