import { el } from "../dom.ts";
import { SystemCharts } from "../system-charts.ts";
import { Due } from "./due.ts";
import { recent } from "./live-stream.ts";
import { card, type OpenPage } from "./page.ts";
import { workersTable } from "./workers-table.ts";

const windowMs = 300_000;

export const openWorkers: OpenPage = ({ feed }) => {
  const table = workersTable(200);
  const charts = new SystemCharts();
  const due = new Due();
  return {
    title: "Workers",
    element: el("div", {}, card("Workers", table.element), card("Last 5 minutes", charts.element)),
    update() {
      if (feed.figures !== undefined) table.show(feed.figures.cluster.workers);
      if (due.isDue()) charts.show(recent(feed, windowMs).vitals);
    },
    close: () => charts.destroy(),
  };
};
