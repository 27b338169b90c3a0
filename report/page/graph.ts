import { graphlib, layout } from "@dagrejs/dagre";
import type { GraphEdge, GraphNode, NameRow, TaskGraph } from "../report-data.ts";
import type { NameColours } from "./colours.ts";
import { button, el, nothing, svg } from "./dom.ts";
import { count, counted, duration } from "./format.ts";

const nodeWidth = 168;
const nodeHeight = 44;
const margin = 14;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The tasks, or their names, and what they take from each other; the critical path stands out. */
export class GraphPicture {
  readonly element: HTMLElement = el("div", { class: "graph" });
  readonly #colours: NameColours;
  #isFitted = true;

  constructor(colours: NameColours) {
    this.#colours = colours;
  }

  show(graph: TaskGraph, names: readonly NameRow[]): void {
    if (graph.nodes.length === 0) {
      this.element.replaceChildren(
        nothing("No attempt at a task had ended when this was written, so that nothing is known of the graph."),
      );
      return;
    }
    const picture = this.#draw(graph, names);
    const scroller = el(
      "div",
      { class: "scroller graph-scroller", tabindex: 0, role: "region", "aria-label": "Graph" },
      picture,
    );
    const fit = button("", () => {
      this.#isFitted = !this.#isFitted;
      apply();
    });
    const apply = (): void => {
      scroller.classList.toggle("fitted", this.#isFitted);
      fit.textContent = this.#isFitted ? "Full size" : "Fit to page";
    };
    apply();
    const what = graph.isGrouped
      ? `${counted(graph.nodes.length, "name")} of tasks; a number on an arrow says how many results go that way.`
      : `${counted(graph.nodes.length, "task")}.`;
    const more = graph.omitted > 0 ? ` ${counted(graph.omitted, "name")} with the least time are left out.` : "";
    this.element.replaceChildren(
      el(
        "div",
        { class: "tools" },
        el("span", { class: "hint" }, `${what}${more} Blue arrows are the critical path.`),
        el("span", { class: "spring" }),
        fit,
      ),
      scroller,
    );
  }

  #draw(graph: TaskGraph, names: readonly NameRow[]): SVGSVGElement {
    const laid = new graphlib.Graph();
    laid.setGraph({ rankdir: "LR", nodesep: 12, ranksep: 56, marginx: margin, marginy: margin });
    laid.setDefaultEdgeLabel(() => ({}));
    graph.nodes.forEach((_, index) => {
      laid.setNode(String(index), { width: nodeWidth, height: nodeHeight });
    });
    for (const { from, to } of graph.edges) if (from !== to) laid.setEdge(String(from), String(to));
    layout(laid);
    const { width = 0, height = 0 } = laid.graph() as { width?: number; height?: number };
    const places = graph.nodes.map((_, index) => laid.node(String(index)) as unknown as Point);
    const edges = graph.edges
      .filter(({ from, to }) => from !== to)
      // What stands out is drawn last, over the rest.
      .sort((a, b) => Number(a.onCriticalPath) - Number(b.onCriticalPath))
      .map((edge) =>
        edgePath(edge, (laid.edge(String(edge.from), String(edge.to)) as { points: Point[] }).points, graph.isGrouped),
      );
    const nodes = graph.nodes.map((node, index) => this.#node(node, places[index] as Point, names, graph.isGrouped));
    const picture = svg(
      "svg",
      {
        viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
        width: Math.ceil(width),
        height: Math.ceil(height),
        role: "img",
        "aria-label": `Graph of ${counted(graph.nodes.length, graph.isGrouped ? "name" : "task")}`,
      },
      arrowHead("arrow", "arrow"),
      arrowHead("arrow-critical", "arrow critical"),
      ...edges,
      ...nodes,
    );
    return picture;
  }

  #node(node: GraphNode, { x, y }: Point, names: readonly NameRow[], isGrouped: boolean): SVGElement {
    const { label, name, done, failed, cancelled, totalMs, onCriticalPath } = node;
    const bar = svg("rect", { x: 6, y: 8, width: 4, height: nodeHeight - 16, rx: 2 });
    bar.style.fill = this.#colours.of(names[name]?.name ?? "");
    const bad = failed > 0 ? `, ${isGrouped ? `${count(failed)} ` : ""}failed` : cancelled > 0 ? ", cancelled" : "";
    const many = isGrouped ? `${count(done)} × · ` : "";
    return svg(
      "g",
      {
        class: `node${onCriticalPath ? " critical" : ""}${failed > 0 && done === 0 ? " failed" : ""}`,
        transform: `translate(${x - nodeWidth / 2} ${y - nodeHeight / 2})`,
      },
      svg("title", {}, `${label}: ${many}${duration(totalMs)}${bad}`),
      svg("rect", { class: "box", width: nodeWidth, height: nodeHeight, rx: 4 }),
      bar,
      svg("text", { x: 18, y: 18, class: "label" }, clipped(label, 21)),
      svg("text", { x: 18, y: 34, class: "sub" }, `${many}${duration(totalMs)}${bad}`),
    );
  }
}

function edgePath(
  { count: results, onCriticalPath }: GraphEdge,
  points: readonly Point[],
  isGrouped: boolean,
): SVGElement {
  const [first, ...rest] = points;
  const d = `M${first?.x} ${first?.y}${curve(points)}`;
  const path = svg("path", {
    d,
    class: onCriticalPath ? "edge critical" : "edge",
    "marker-end": `url(#${onCriticalPath ? "arrow-critical" : "arrow"})`,
  });
  const middle = rest[Math.floor((rest.length - 1) / 2)];
  if (!isGrouped || middle === undefined) return path;
  return svg(
    "g",
    {},
    path,
    svg("text", { x: middle.x, y: middle.y - 5, class: "sub", "text-anchor": "middle" }, count(results)),
  );
}

/** Through the middles between a layout's points, which bend there. */
function curve(points: readonly Point[]): string {
  return points
    .slice(1)
    .map((point, index, rest) => {
      const next = rest[index + 1];
      if (next === undefined) return `L${point.x} ${point.y}`;
      return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
    })
    .join("");
}

function arrowHead(id: string, kind: string): SVGElement {
  return svg(
    "marker",
    { id, class: kind, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    svg("path", { d: "M0 0L8 4L0 8z" }),
  );
}

function clipped(text: string, charsMax: number): string {
  const characters = Array.from(text);
  return characters.length <= charsMax ? text : `${characters.slice(0, charsMax - 1).join("")}…`;
}
