import type { ReportData } from "../report-data.ts";
import { NameColours } from "./colours.ts";
import { criticalPathView } from "./critical-path.ts";
import { button, el, nothing } from "./dom.ts";
import { FlameGraph } from "./flame-graph.ts";
import { GraphPicture } from "./graph.ts";
import { LogView } from "./log-view.ts";
import { lazySections, type Section } from "./section.ts";
import { summaryView } from "./summary.ts";
import { SystemCharts } from "./system-charts.ts";
import { TaskStream } from "./task-stream.ts";
import { attemptRowsAt, endGroups, endsTable, namesTable, slowestTable, workersTable } from "./tasks-table.ts";
import { isDark, onThemeChange, toggleTheme } from "./theme.ts";
import { traceButton } from "./trace-download.ts";
import { TransfersView } from "./transfers.ts";
import { WorkersChart } from "./workers-chart.ts";

/** Everything that stands on a report's page. */
export function reportPage(data: ReportData): HTMLElement[] {
  const sections = sectionsOf(data, namedColours(data));
  return [
    el("a", { class: "skip", href: "#summary" }, "Skip to the summary"),
    header(data),
    el("nav", { "aria-label": "Sections" }, ...sections.map(({ id, title }) => el("a", { href: `#${id}` }, title))),
    el("main", {}, ...lazySections(sections)),
  ];
}

/** Names get their colours by their time, so that the most important are told apart best. */
function namedColours({ names }: ReportData): NameColours {
  const colours = new NameColours();
  for (const { name } of names) colours.of(name);
  return colours;
}

function header(data: ReportData): HTMLElement {
  const { title, outcome, state, message } = data.meta;
  return el(
    "header",
    {},
    el(
      "div",
      { class: "headline" },
      el("h1", {}, title),
      el("span", { class: `state state-${outcome}` }, state),
      el("span", { class: "spring" }),
      traceButton(data),
      themeButton(),
    ),
    message !== "" && el("p", { class: "message" }, message),
  );
}

function themeButton(): HTMLElement {
  const label = (): string => (isDark() ? "Light mode" : "Dark mode");
  const press = button(label(), toggleTheme);
  onThemeChange(() => {
    press.textContent = label();
  });
  return press;
}

function sectionsOf(data: ReportData, colours: NameColours): readonly Section[] {
  return [
    {
      id: "summary",
      title: "Summary",
      caption: "Totals count everything that was recorded. Transfers and disk use go on beside tasks and take no slot.",
      render: () => [summaryView(data)],
    },
    {
      id: "stream",
      title: "Task stream",
      caption:
        "A bar for each attempt at a task, in a row for each slot; beneath a worker's rows what it got from others and what went to and from its disk.",
      render: () => {
        const stream = new TaskStream(colours);
        stream.show(data);
        return [stream.element];
      },
    },
    {
      id: "tasks",
      title: "Tasks",
      caption: "By name. Least, median, 95 % and most are of attempts that gave a result.",
      render: () => taskTables(data, colours),
    },
    {
      id: "workers",
      title: "Workers",
      caption: "How many there were and how many were wanted, what happened to them, and why.",
      render: () => {
        const [chart, table] = [new WorkersChart(), workersTable()];
        table.show(data.workers);
        // A chart measures its place, which it has once it stands in the page.
        queueMicrotask(() => chart.show(data.fleet, Math.max(0, data.meta.endMs - data.meta.startMs)));
        return [chart.element, el("h3", {}, "Each worker"), table.element];
      },
    },
    {
      id: "system",
      title: "System",
      caption: "How each process fared. Drag over a chart to zoom in, double-click to see all of it again.",
      render: () => {
        const charts = new SystemCharts();
        queueMicrotask(() => charts.show(data.vitals));
        return [charts.element];
      },
    },
    {
      id: "graph",
      title: "Graph",
      caption: "What takes results from what. The critical path is the chain that computed longest.",
      render: () => {
        const picture = new GraphPicture(colours);
        picture.show(data.graph, data.names);
        return [picture.element, el("h3", {}, "Critical path"), criticalPathView(data, colours)];
      },
    },
    {
      id: "transfers",
      title: "Transfers",
      caption: "Results that moved straight from one worker to another.",
      render: () => {
        const view = new TransfersView();
        view.show(data.moved, data.names);
        return [view.element];
      },
    },
    {
      id: "profile",
      title: "Profile",
      caption:
        "Where time was spent, as sampled: widths are times, callers stand above what they call. Click a call to see it alone, and one above it to go back.",
      render: () => profiles(data),
    },
    {
      id: "logs",
      title: "Logs",
      caption: "What the scheduler, the workers and the tasks wrote, in the order in which it came.",
      render: () => {
        const view = new LogView();
        view.show(data.logs);
        return [view.element];
      },
    },
  ];
}

function taskTables(data: ReportData, colours: NameColours): HTMLElement[] {
  const { names, attempts, workers, ends } = data;
  const [byName, slowest, without] = [namesTable(colours), slowestTable(colours), endsTable()];
  byName.show(names);
  slowest.show(attemptRowsAt(attempts.slowest, attempts, names, workers));
  without.show(endGroups(ends));
  return [
    byName.element,
    el("h3", {}, "Tasks without a result"),
    without.element,
    el("h3", {}, "Slowest attempts"),
    slowest.element,
  ];
}

function profiles({ profiles: trees }: ReportData): HTMLElement[] {
  if (trees.length === 0)
    return [nothing("Nobody sampled where time is spent, or the run was over before the first sample.")];
  return trees.flatMap((tree) => {
    const flame = new FlameGraph();
    flame.show(tree);
    return [el("h3", {}, tree.kind === "tasks" ? "User code, in all slots" : "Scheduler"), flame.element];
  });
}
