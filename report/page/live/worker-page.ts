import type { WorkerDetail } from "../../../protocol/cluster-view.ts";
import { el, nothing } from "../dom.ts";
import { bytes, count, duration } from "../format.ts";
import { SystemCharts } from "../system-charts.ts";
import { query } from "./api.ts";
import { Due } from "./due.ts";
import { facts } from "./facts.ts";
import { recent } from "./live-stream.ts";
import { LogLines } from "./log-lines.ts";
import { card, type OpenPage } from "./page.ts";
import { Polling } from "./polling.ts";
import { taskTable } from "./tasks-table.ts";

const windowMs = 300_000;

export const openWorker: OpenPage = ({ feed, route }) => {
  const name = route.path[1] ?? "";
  const told = el("div", {}, nothing("Asking…"));
  const tasks = taskTable(`Tasks of ${name}`, "It has nothing to do.", 100);
  const charts = new SystemCharts();
  const logs = new LogLines("Nothing was logged by this worker, or it is not kept any more.");
  const due = new Due();
  const worker = new Polling<WorkerDetail>(
    (detail) => {
      told.replaceChildren(factsOf(detail));
      tasks.show(detail.tasks.items);
    },
    (message) => {
      told.replaceChildren(nothing(message));
      tasks.show([]);
    },
  );
  worker.ask(`workers/${encodeURIComponent(name)}`);
  logs.ask(`logs${query({ worker: name, limit: 300 })}`);
  return {
    title: name,
    element: el(
      "div",
      {},
      card(name, told),
      card("Tasks", tasks.element),
      card("Last 5 minutes", charts.element),
      card("Logs", logs.element),
    ),
    update() {
      if (due.isDue()) charts.show(recent(feed, windowMs).vitals.filter(({ process }) => process === name));
    },
    close() {
      worker.close();
      logs.close();
      charts.destroy();
    },
  };
};

function factsOf(worker: WorkerDetail): HTMLElement {
  const resources = Object.entries(worker.resources).map(([name, amount]) => `${name}=${amount}`);
  const limit = worker.memoryLimitBytes > 0 ? ` of ${bytes(worker.memoryLimitBytes)}` : ", no limit";
  return facts(
    ["Status", el("span", { class: `mark mark-${worker.status}` }, worker.status)],
    ["Slots", `${count(worker.running)} of ${count(worker.slots)} in use, ${worker.executor}`],
    ["Sent to it", `${count(worker.assigned)} tasks, ${duration(worker.occupancyMs)} of slot time expected`],
    ["Memory", `${bytes(worker.memoryBytes)}${limit}`],
    ["Results", `${count(worker.stored)}, ${bytes(worker.storedBytes)}`],
    ["Resources", resources.join(", ") || "none"],
    ["Address", worker.address],
    ["Process", `${worker.pid} on ${worker.host}`],
    ["Versions", `muster ${worker.version}, node ${worker.nodeVersion}`],
    ["Last heard of", `${duration(worker.lastHeardAgoMs)} ago`],
  );
}
