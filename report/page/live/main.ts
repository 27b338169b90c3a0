import { nothing } from "../dom.ts";
import { Feed } from "./feed.ts";
import { openGraph } from "./graph-page.ts";
import { openLogs } from "./logs-page.ts";
import type { OpenPage, Page } from "./page.ts";
import { currentRoute, type Route } from "./route.ts";
import { openRuns } from "./runs-page.ts";
import { openScaling } from "./scaling-page.ts";
import { Shell } from "./shell.ts";
import { openStatus } from "./status-page.ts";
import { openTask } from "./task-page.ts";
import { openTasks } from "./tasks-page.ts";
import { openWorker } from "./worker-page.ts";
import { openWorkers } from "./workers-page.ts";

// The dashboard: one page that shows what the address behind "#" says, and keeps it up to date.

const noPage: OpenPage = () => ({
  title: "Nothing here",
  element: nothing("There is no such page. Choose one above."),
  update: () => undefined,
  close: () => undefined,
});

function pageFor({ path: [section, item] }: Route): OpenPage {
  if (section === undefined) return openStatus;
  if (section === "workers") return item === undefined ? openWorkers : openWorker;
  if (section === "tasks") return item === undefined ? openTasks : openTask;
  const pages: Readonly<Record<string, OpenPage>> = {
    runs: openRuns,
    graph: openGraph,
    logs: openLogs,
    scaling: openScaling,
  };
  return (Object.hasOwn(pages, section) ? pages[section] : undefined) ?? noPage;
}

const feed = new Feed();
const shell = new Shell();
let page: Page | undefined;

function show(): void {
  page?.close();
  const route = currentRoute();
  page = pageFor(route)({ feed, route });
  document.title = `${page.title} · Muster`;
  shell.mark(route.path[0] ?? "");
  shell.main.replaceChildren(page.element);
  scrollTo(0, 0);
  update();
}

function update(): void {
  shell.update(feed);
  // What nobody sees is drawn when somebody looks again.
  if (!document.hidden) page?.update();
}

addEventListener("hashchange", show);
document.addEventListener("visibilitychange", update);
feed.listen(update);
show();
feed.start();
