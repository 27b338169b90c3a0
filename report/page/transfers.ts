import type { Moved, NameRow, Route } from "../report-data.ts";
import { el, nothing, svg } from "./dom.ts";
import { bytes, count, counted, duration } from "./format.ts";
import { Table } from "./table.ts";

/** More rows and columns than this make no picture; the places with the least are summed up. */
const placesMax = 32;
const cell = 20;
const labelWidth = 130;

interface NamedRoute extends Route {
  readonly source: string;
  readonly destination: string;
}

/** Who gave how much to whom, as a picture and as a table, and of which tasks the results were. */
export class TransfersView {
  readonly element: HTMLElement = el("div", { class: "transfers" });
  readonly #routes: Table<NamedRoute> = new Table({
    label: "Transfers by route",
    columns: [
      { title: "From", by: ({ source }) => source, show: ({ source }) => source },
      { title: "To", by: ({ destination }) => destination, show: ({ destination }) => destination },
      { title: "Moved", by: (row) => row.bytes, isNumber: true, show: (row) => bytes(row.bytes) },
      { title: "Results", by: ({ tasks }) => tasks, isNumber: true, show: ({ tasks }) => count(tasks) },
      {
        title: "Transfers",
        by: ({ transfers }) => transfers,
        isNumber: true,
        show: ({ transfers }) => count(transfers),
      },
      { title: "Took", by: ({ totalMs }) => totalMs, isNumber: true, show: ({ totalMs }) => duration(totalMs) },
      {
        title: "Rate",
        by: (row) => rateOf(row),
        isNumber: true,
        show: (row) => (Number.isNaN(rateOf(row)) ? "–" : `${bytes(rateOf(row))}/s`),
      },
    ],
    empty: "",
    sortedBy: 2,
    rowsMax: 8,
  });

  show({ places, routes, byName }: Moved, names: readonly NameRow[]): void {
    if (routes.length === 0) {
      this.element.replaceChildren(nothing("No result moved between workers."));
      return;
    }
    const moved = new Table<Moved["byName"][number]>({
      label: "Results that were needed elsewhere, by task",
      columns: [
        { title: "Results of", by: ({ name }) => names[name]?.name ?? "", show: ({ name }) => names[name]?.name ?? "" },
        { title: "Size", by: (row) => row.bytes, isNumber: true, show: (row) => bytes(row.bytes) },
        { title: "Results", by: ({ results }) => results, isNumber: true, show: ({ results }) => count(results) },
      ],
      empty: "No task is known to have taken a result from another worker.",
      sortedBy: 1,
      rowsMax: 8,
    });
    moved.show(byName);
    this.#routes.show(
      routes.map((route) => ({ ...route, source: places[route.from] ?? "", destination: places[route.to] ?? "" })),
    );
    this.element.replaceChildren(
      el("div", { class: "scroller", tabindex: 0, role: "region", "aria-label": "Heat map" }, heatMap(places, routes)),
      el("h3", {}, "By route"),
      this.#routes.element,
      el("h3", {}, "By task"),
      el(
        "p",
        { class: "caption" },
        "Results that a task took on another worker than the one that computed them, worked out from the dependencies. Results that a worker already had a copy of count, too.",
      ),
      moved.element,
    );
  }
}

const rateOf = ({ bytes: moved, totalMs }: Route): number => (totalMs > 0 ? (moved / totalMs) * 1_000 : Number.NaN);

function heatMap(places: readonly string[], routes: readonly Route[]): SVGSVGElement {
  const sums = places.map(() => 0);
  for (const { from, to, bytes: moved } of routes) {
    sums[from] = (sums[from] ?? 0) + moved;
    sums[to] = (sums[to] ?? 0) + moved;
  }
  const collator = new Intl.Collator("en", { numeric: true });
  const chosen = places
    .map((_, place) => place)
    .sort((a, b) => (sums[b] ?? 0) - (sums[a] ?? 0))
    .slice(0, placesMax)
    .sort((a, b) => collator.compare(places[a] ?? "", places[b] ?? ""));
  const rest = places.length - chosen.length;
  const labels = [...chosen.map((place) => places[place] ?? ""), ...(rest > 0 ? [`${counted(rest, "other")}`] : [])];
  const rowOf = new Map(chosen.map((place, row) => [place, row]));
  const cells = new Map<number, { bytes: number; transfers: number }>();
  for (const { from, to, bytes: moved, transfers } of routes) {
    const at = (rowOf.get(from) ?? chosen.length) * labels.length + (rowOf.get(to) ?? chosen.length);
    const sum = cells.get(at) ?? { bytes: 0, transfers: 0 };
    cells.set(at, { bytes: sum.bytes + moved, transfers: sum.transfers + transfers });
  }
  const most = Math.max(1, ...Array.from(cells.values(), (sum) => sum.bytes));
  const size = labels.length * cell;
  const top = 96;
  return svg(
    "svg",
    {
      width: labelWidth + size + 20,
      height: top + size + 8,
      role: "img",
      "aria-label": "Heat map of transfers: rows gave, columns got. The table below tells the same.",
      class: "heat-map",
    },
    svg("text", { x: 0, y: top - 8, class: "sub" }, "from ↓ · to →"),
    ...labels.map((label, row) =>
      svg(
        "text",
        { x: labelWidth - 6, y: top + row * cell + 14, class: "sub", "text-anchor": "end" },
        clipped(label, 20),
      ),
    ),
    ...labels.map((label, column) =>
      svg(
        "text",
        { transform: `translate(${labelWidth + column * cell + 13} ${top - 6}) rotate(-55)`, class: "sub" },
        clipped(label, 16),
      ),
    ),
    svg("text", { x: 0, y: 14, class: "sub" }, `strongest: ${bytes(most)}`),
    svg("rect", { x: labelWidth, y: top, width: size, height: size, class: "ground" }),
    ...Array.from(cells, ([at, sum]) => {
      const [row, column] = [Math.floor(at / labels.length), at % labels.length];
      const rect = svg(
        "rect",
        {
          x: labelWidth + column * cell + 1,
          y: top + row * cell + 1,
          width: cell - 2,
          height: cell - 2,
          rx: 2,
          class: "heat",
        },
        svg(
          "title",
          {},
          `${labels[row]} → ${labels[column]}: ${bytes(sum.bytes)} in ${counted(sum.transfers, "transfer")}`,
        ),
      );
      // Areas are compared by eye at their square roots better than as they are.
      rect.style.fillOpacity = String(0.12 + 0.88 * Math.sqrt(sum.bytes / most));
      return rect;
    }),
  );
}

function clipped(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
