import type { ClusterInfo } from "../../../protocol/cluster-info.ts";
import { NameColours } from "../colours.ts";
import { type Child, el } from "../dom.ts";
import { bytes, count } from "../format.ts";
import { LiveStream } from "./live-stream.ts";
import { card, link, type OpenPage } from "./page.ts";
import { progressBars } from "./progress-bars.ts";
import { to } from "./route.ts";
import { workersTable } from "./workers-table.ts";

/** What one wants to know first: how far everything is, what ran where, and whether there is room. */
export const openStatus: OpenPage = ({ feed }) => {
  const colours = new NameColours();
  const figures = el("dl", { class: "figures" });
  const progress = el("div");
  const stream = new LiveStream(feed, colours);
  const workers = workersTable(12);
  const element = el(
    "div",
    { class: "status" },
    card("Now", figures),
    card("Progress by name", progress),
    card("Task stream", stream.element),
    card("Workers", workers.element),
  );
  return {
    title: "Status",
    element,
    update() {
      if (feed.figures !== undefined) {
        const { cluster, groups } = feed.figures;
        figures.replaceChildren(...summary(cluster));
        progress.replaceChildren(progressBars(groups?.items ?? [], colours));
        workers.show(cluster.workers);
      }
      stream.update();
    },
    close: () => stream.close(),
  };
};

function summary({ workers, tasks, runs, clients }: ClusterInfo): HTMLElement[] {
  const sum = (read: (worker: ClusterInfo["workers"][number]) => number): number =>
    workers.reduce((total, worker) => total + read(worker), 0);
  const [running, slots] = [sum((worker) => worker.running), sum((worker) => worker.slots)];
  const notRunning = workers.filter(({ status }) => status !== "running").length;
  const limit = sum(({ memoryLimitBytes }) => memoryLimitBytes);
  const memory = sum(({ memoryBytes }) => memoryBytes);
  const tasksIn = (state: keyof ClusterInfo["tasks"], text: string): HTMLElement =>
    link(to(["tasks"], { state }), text);
  return [
    figure("Slots in use", `${count(running)} / ${count(slots)}`, "of all workers"),
    figure(
      "Queue",
      count(tasks.queued + tasks["no-worker"]),
      tasks["no-worker"] > 0
        ? tasksIn("no-worker", `${count(tasks["no-worker"])} that no worker can run`)
        : tasksIn("queued", "ready, wait for a slot"),
    ),
    figure("Waiting", count(tasks.waiting), tasksIn("waiting", "for their inputs")),
    figure("Failed", count(tasks.erred), tasksIn("erred", "or cancelled")),
    figure(
      "Results",
      bytes(sum(({ storedBytes }) => storedBytes)),
      tasksIn("memory", `${count(tasks.memory)} in memory`),
    ),
    figure("Memory", bytes(memory), limit > 0 ? `of ${bytes(limit)}` : "no limit"),
    figure("Workers", count(workers.length), notRunning > 0 ? `${count(notRunning)} not running` : "all running"),
    figure("Runs", count(runs.length), `${count(clients)} ${clients === 1 ? "client" : "clients"}`),
  ];
}

function figure(term: string, value: string, more: Child): HTMLElement {
  return el("div", {}, el("dt", {}, term), el("dd", { class: "value" }, value), el("dd", { class: "more" }, more));
}
