import type { GraphView } from "../../../protocol/cluster-view.ts";
import type { NameRow, TaskGraph } from "../../report-data.ts";
import { NameColours } from "../colours.ts";
import { el, nothing } from "../dom.ts";
import { GraphPicture } from "../graph.ts";
import { query } from "./api.ts";
import { card, type OpenPage } from "./page.ts";
import { Polling } from "./polling.ts";
import { to } from "./route.ts";

/** What takes results of what, by name of task and run. */
export const openGraph: OpenPage = ({ feed, route }) => {
  const run = route.query.get("run") ?? "";
  const picture = new GraphPicture(new NameColours());
  const said = el("p", { class: "hint" });
  const runs = el("select", { "aria-label": "Run" });
  runs.addEventListener("change", () => {
    location.hash = to(["graph"], { run: runs.value });
  });
  let shownRuns = "";
  let shownGraph = "";
  const polling = new Polling<GraphView>(
    (graph) => {
      const now = JSON.stringify(graph);
      if (now === shownGraph) return;
      shownGraph = now;
      said.textContent = graph.leftOut > 0 ? `${graph.leftOut} more groups of tasks are left out: choose a run.` : "";
      if (graph.nodes.length === 0) picture.element.replaceChildren(nothing("No tasks are on the books."));
      else picture.show(...drawn(graph));
    },
    (message) => picture.element.replaceChildren(nothing(message)),
  );
  polling.ask(`graph${query({ run })}`);
  return {
    title: "Graph",
    element: el("div", {}, card("Graph", el("div", { class: "tools" }, runs), said, picture.element)),
    update() {
      const names = (feed.figures?.runs.items ?? []).map((each) => each.run);
      const all = [...new Set([...(run === "" ? [] : [run]), ...names])];
      if (JSON.stringify(all) === shownRuns) return;
      shownRuns = JSON.stringify(all);
      runs.replaceChildren(
        el("option", { value: "" }, "all runs"),
        ...all.map((name) => el("option", { value: name }, name)),
      );
      runs.value = run;
    },
    close: () => polling.close(),
  };
};

/** In the form that a report's graph has. */
function drawn({ nodes, edges, leftOut }: GraphView): [TaskGraph, NameRow[]] {
  const graph: TaskGraph = {
    isGrouped: true,
    nodes: nodes.map(({ name, finished, failed, computeMs }, index) => ({
      label: name,
      name: index,
      done: finished,
      failed,
      cancelled: 0,
      totalMs: computeMs,
      onCriticalPath: false,
    })),
    edges: edges.map(({ from, to: target, results }) => ({ from, to: target, count: results, onCriticalPath: false })),
    omitted: leftOut,
  };
  return [graph, nodes.map(({ name }) => ({ name }) as NameRow)];
}
