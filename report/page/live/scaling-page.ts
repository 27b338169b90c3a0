import { el } from "../dom.ts";
import { WorkersChart } from "../workers-chart.ts";
import { Due } from "./due.ts";
import { recent } from "./live-stream.ts";
import { card, type OpenPage } from "./page.ts";

const windowMs = 6 * 3_600_000;

/** How many workers there were and should have been, and why. */
export const openScaling: OpenPage = ({ feed }) => {
  const chart = new WorkersChart();
  const due = new Due();
  let drawnVersion = -1;
  return {
    title: "Scaling",
    element: el("div", {}, card("Workers, and what adaptive scaling decided", chart.element)),
    update() {
      if (feed.events.version === drawnVersion || !due.isDue()) return;
      drawnVersion = feed.events.version;
      chart.show(recent(feed, windowMs).fleet, 0);
    },
    close: () => chart.destroy(),
  };
};
