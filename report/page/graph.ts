import type { GraphEdge, GraphNode, NameRow, TaskGraph } from "../report-data.ts";
import type { NameColours } from "./colours.ts";
import { button, el, nothing, svg } from "./dom.ts";
import { count, counted, duration } from "./format.ts";
import { layOutGraph, type NodePlace } from "./graph-layout.ts";

/** Of the nodes of one picture. */
interface Shape {
  readonly isGrouped: boolean;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
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
    const { isGrouped } = graph;
    const shape: Shape = isGrouped
      ? { isGrouped, nodeWidth: 190, nodeHeight: 58 }
      : { isGrouped, nodeWidth: 168, nodeHeight: 44 };
    const { places, width, height } = layOutGraph(graph.nodes.length, graph.edges, {
      ...shape,
      gapX: 64,
      gapY: 12,
      margin: 14,
    });
    const edges = graph.edges
      .filter(({ from, to }) => from !== to)
      // What stands out is drawn last, over the rest.
      .sort((a, b) => Number(a.onCriticalPath) - Number(b.onCriticalPath))
      .map((edge) => edgePath(edge, places[edge.from] as NodePlace, places[edge.to] as NodePlace, shape));
    const nodes = graph.nodes.map((node, index) => this.#node(node, places[index] as NodePlace, names, shape));
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

  #node(
    node: GraphNode,
    { x, y }: NodePlace,
    names: readonly NameRow[],
    { isGrouped, nodeWidth: width, nodeHeight: height }: Shape,
  ): SVGElement {
    const { label, name, done, failed, cancelled, totalMs, onCriticalPath } = node;
    const bar = svg("rect", { x: 6, y: 8, width: 4, height: height - 16, rx: 2 });
    bar.style.fill = this.#colours.of(names[name]?.name ?? "");
    const times = isGrouped ? `${count(done)} × · ${duration(totalMs)}` : duration(totalMs);
    const many = (value: number, what: string): string => (isGrouped ? `${count(value)} ${what}` : what);
    const ends = [failed > 0 && many(failed, "failed"), cancelled > 0 && many(cancelled, "cancelled")].filter(Boolean);
    // A name has room for its failures in a line of its own, a task says them beside its time.
    const lines = isGrouped ? [times, ends.join(", ")] : [[times, ...ends].join(", ")];
    return svg(
      "g",
      {
        class: `node${onCriticalPath ? " critical" : ""}${failed > 0 && done === 0 ? " failed" : ""}`,
        transform: `translate(${x - width / 2} ${y - height / 2})`,
      },
      svg("title", {}, [label, times, ...ends].join(", ")),
      svg("rect", { class: "box", width, height, rx: 4 }),
      bar,
      svg("text", { x: 18, y: 18, class: "label" }, clipped(label, isGrouped ? 24 : 21)),
      ...lines.map((line, index) => svg("text", { x: 18, y: 34 + index * 15, class: "sub" }, line)),
    );
  }
}

function edgePath(edge: GraphEdge, from: NodePlace, to: NodePlace, { isGrouped, nodeWidth }: Shape): SVGElement {
  const [startX, endX] = [from.x + nodeWidth / 2, to.x - nodeWidth / 2];
  // Level where it leaves and where it arrives; one that leads back bows out.
  const bend = Math.max(28, (endX - startX) / 2);
  const { count: results, onCriticalPath } = edge;
  const path = svg("path", {
    d: `M${startX} ${from.y}C${startX + bend} ${from.y} ${endX - bend} ${to.y} ${endX} ${to.y}`,
    class: onCriticalPath ? "edge critical" : "edge",
    "marker-end": `url(#${onCriticalPath ? "arrow-critical" : "arrow"})`,
  });
  if (!isGrouped) return path;
  const middle = { x: (startX + endX) / 2, y: (from.y + to.y) / 2 - 5, class: "sub", "text-anchor": "middle" };
  return svg("g", {}, path, svg("text", middle, count(results)));
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
