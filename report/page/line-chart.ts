import UPlot from "uplot";
import { duration } from "./format.ts";
import { onThemeChange, themeColour } from "./theme.ts";

export interface Line {
  readonly label: string;
  /** A colour of the style sheet, such as "--ink", or one as such. */
  readonly colour: string;
  readonly values: Float64Array;
  /** A value holds until the next. */
  readonly isStepped?: boolean;
  readonly isDashed?: boolean;
}

export interface ChartData {
  readonly atMs: Float64Array;
  readonly lines: readonly Line[];
}

export interface ChartOptions {
  readonly label: string;
  readonly height?: number;
  /** Charts with the same one share their cursor and zoom. */
  readonly sync?: string;
  readonly format: (value: number) => string;
  /** What ticks stand at: multiples of whole numbers for counts, of powers of two for bytes. */
  readonly unit?: "count" | "bytes";
}

const steps = {
  count: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000],
  bytes: Array.from({ length: 50 }, (_, power) => 2 ** power),
} as const;

const resolved = (colour: string): string => (colour.startsWith("--") ? themeColour(colour) : colour);

/** Values over the time of a run. */
export class LineChart {
  readonly element: HTMLElement;
  readonly #options: ChartOptions;
  readonly #resizing: ResizeObserver;
  readonly #stopFollowing: () => void;
  #plot: UPlot | undefined;
  #labels = "";

  constructor(element: HTMLElement, options: ChartOptions) {
    this.element = element;
    this.#options = options;
    element.classList.add("chart");
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", options.label);
    this.#resizing = new ResizeObserver(() => this.#plot?.setSize(this.#size()));
    this.#resizing.observe(element);
    this.#stopFollowing = onThemeChange(() => this.#plot?.redraw(false, true));
  }

  show({ atMs, lines }: ChartData): void {
    const data: UPlot.AlignedData = [
      atMs,
      ...lines.map(({ values }) => Array.from(values, gapless)),
    ] as UPlot.AlignedData;
    const labels = JSON.stringify(lines.map(({ label, colour }) => [label, colour]));
    if (this.#plot !== undefined && labels === this.#labels) {
      this.#plot.setData(data);
      return;
    }
    this.#labels = labels;
    this.#plot?.destroy();
    this.#plot = new UPlot(this.#plotOptions(lines), data, this.element);
  }

  destroy(): void {
    this.#resizing.disconnect();
    this.#stopFollowing();
    this.#plot?.destroy();
  }

  #size(): { width: number; height: number } {
    return { width: Math.max(120, this.element.clientWidth), height: this.#options.height ?? 190 };
  }

  #plotOptions(lines: readonly Line[]): UPlot.Options {
    const { format, sync, unit } = this.#options;
    const isCount = unit === "count";
    const axis: UPlot.Axis = {
      stroke: () => themeColour("--muted"),
      font: themeColour("--small-font"),
      grid: { stroke: () => themeColour("--line"), width: 1 },
      ticks: { show: false },
    };
    return {
      ...this.#size(),
      // Times are of the run, not of the day.
      scales: {
        x: { time: false },
        y: { range: (_, least, most) => [Math.min(0, least ?? 0), Math.max(isCount ? 1 : 1e-3, (most ?? 1) * 1.08)] },
      },
      axes: [
        { ...axis, values: (_, values) => values.map(duration), space: 90, size: 30 },
        {
          ...axis,
          size: 74,
          ...(unit === undefined ? {} : { incrs: [...steps[unit]] }),
          values: (_, values) => values.map((value) => format(value)),
        },
      ],
      series: [
        { label: "Time", value: (_, value: number | null) => (value === null ? "–" : duration(value)) },
        ...lines.map(
          ({ label, colour, isStepped, isDashed }): UPlot.Series => ({
            label,
            stroke: () => resolved(colour),
            width: 1.5,
            spanGaps: false,
            points: { show: false },
            ...(isDashed ? { dash: [5, 4] } : {}),
            ...(isStepped && UPlot.paths.stepped ? { paths: UPlot.paths.stepped({ align: 1 }) } : {}),
            value: (_, value: number | null) => (value === null ? "–" : format(value)),
          }),
        ),
      ],
      cursor: {
        drag: { x: true, y: false },
        points: { size: 7 },
        ...(sync === undefined ? {} : { sync: { key: sync, setSeries: false } }),
      },
      legend: { live: true },
    };
  }
}

/** uPlot takes null for what is not there. */
const gapless = (value: number): number | null => (Number.isNaN(value) ? null : value);
