import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Client } from "../../client/client.ts";
import type { Future } from "../../client/future.ts";
import { LocalCluster } from "../../cluster/local/index.ts";
import type { ClusterInfo } from "../../protocol/cluster-info.ts";
import type { GroupView } from "../../protocol/cluster-view.ts";
import { eventually } from "../eventually.ts";
import { boom, hold, hostile, hostileName, inc, sum } from "./fixtures/board-tasks.ts";
import { subPathProxy } from "./sub-path-proxy.ts";

// The dashboard in a real Chromium, over a real cluster.

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

let browser: Browser;
let cluster: LocalCluster;
let client: Client;
let futures: Future<unknown>[] = [];
/** What browsers complained of, whoever caused it. */
let complaints: string[] = [];

beforeAll(async () => {
  if (!existsSync(executablePath)) {
    const how = "install it (Debian: apt-get install chromium), or name another with CHROMIUM";
    throw new Error(`there is no Chromium at ${executablePath}: ${how}`);
  }
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  cluster = await LocalCluster.start({ nWorkers: 2, threadsPerWorker: 2, dashboard: true });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await cluster?.close();
});

beforeEach(async () => {
  complaints = [];
  client = await Client.connect(cluster);
  const numbers = client.map(inc, [1, 2, 3], { run: "flow" });
  const total = client.submit(sum, [numbers], { run: "flow" });
  const failed = client.submit(boom, [], { run: "flow", key: "boom-1" });
  const named = client.submit(hostile, [1], { run: hostileName, key: hostileName });
  await Promise.allSettled([total.result(), failed.result(), named.result()]);
  const held = client.map(hold, [1, 2, 3, 4, 5, 6, 7, 8], { run: "held", key: "hold" });
  for (const future of held) future.result().catch(() => undefined);
  futures = [...numbers, total, failed, named, ...held];
  await eventually("the slots to be taken", async () =>
    (await client.info()).workers.every(({ running }) => running === 2),
  );
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  // What nobody waits for any more runs to its end, and these have none.
  await client.cancelRun("held");
  await client.close();
});

async function openPage(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.goto(url);
  return page;
}

async function logIn(page: Page, token: string = cluster.token): Promise<void> {
  await page.getByLabel("Token of this scheduler").fill(token);
  await page.getByRole("button", { name: "Log in" }).click();
}

async function openDashboard(options: BrowserContextOptions = {}): Promise<Page> {
  const page = await openPage(cluster.dashboardUrl ?? "", options);
  await logIn(page);
  await page.locator(".feed-live").waitFor();
  return page;
}

const go = (page: Page, hash: string): Promise<unknown> => page.evaluate(`location.hash = ${JSON.stringify(hash)}`);

/** With the page's own session. */
const api = <T>(page: Page, path: string): Promise<T> =>
  page.evaluate(async (asked) => (await (await fetch(`api/v1/${asked}`)).json()) as T, path);

const figure = (page: Page, term: string) =>
  page.locator(".figures > div").filter({ has: page.locator("dt", { hasText: new RegExp(`^${term}$`) }) });

test("who has no token is asked for it, and let in once it is right", async () => {
  const page = await openPage(cluster.dashboardUrl ?? "");
  expect(new URL(page.url()).pathname).toBe("/login");
  await logIn(page, "wrong");
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").textContent()).toBe("This is not the scheduler's token.");
  await logIn(page);
  await page.locator(".feed-live").waitFor();
  expect(new URL(page.url()).pathname).toBe("/");
  expect(await page.evaluate("document.cookie")).toBe("");
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Token of this scheduler").waitFor();
  await page.goto(cluster.dashboardUrl ?? "");
  expect(new URL(page.url()).pathname).toBe("/login");
  // The browser itself tells of the answer to the wrong token.
  expect(complaints).toEqual([expect.stringContaining("status of 401")]);
});

test("the figures are the API's, and names are shown as they are", async () => {
  const page = await openDashboard();
  await figure(page, "Slots in use").getByText("4 / 4").waitFor();
  const { tasks, runs } = await api<ClusterInfo>(page, "cluster");
  expect(tasks).toMatchObject({ queued: 2, erred: 1, processing: 6 });
  for (const [term, value] of [
    ["Queue", tasks.queued],
    ["Waiting", tasks.waiting],
    ["Failed", tasks.erred],
    ["Runs", runs.length],
    ["Workers", 2],
  ] as const)
    expect(await figure(page, term).locator(".value").textContent(), term).toBe(String(value));
  const { groups } = await api<{ groups: GroupView[] }>(page, "groups");
  for (const { name, total, finished } of groups) {
    const row = page.locator(".progress-row").filter({ has: page.getByText(name, { exact: true }) });
    expect(await row.locator("b").textContent()).toBe(`${finished} / ${total}`);
  }
  for (const hash of ["#/tasks", `#/tasks/${encodeURIComponent(hostileName)}`, "#/runs", "#/graph"]) {
    await go(page, hash);
    // The graph has room for so much of it.
    await page.getByText(hostileName.slice(0, 20)).filter({ visible: true }).first().waitFor();
  }
  await go(page, "#/tasks/boom-1");
  await page.getByText("<b>as planned</b>").first().waitFor();
  expect(await page.locator("main b, main script").count()).toBe(0);
  expect(complaints).toEqual([]);
});

test("it is up to date without being loaded again", async () => {
  const page = await openDashboard();
  await page.evaluate(() => {
    (globalThis as { marked?: boolean }).marked = true;
  });
  const row = page.locator(".progress-row").filter({ has: page.getByText("inc", { exact: true }) });
  await row.getByText("3 / 3").waitFor();
  const more = client.map(inc, [10, 20], { run: "flow", resources: { never: 1 } });
  await row.getByText("3 / 5").waitFor();
  await figure(page, "Queue").getByText("4", { exact: true }).waitFor();
  await client.cancel(more);
  await figure(page, "Failed").getByText("3", { exact: true }).waitFor();
  expect(await page.evaluate(() => (globalThis as { marked?: boolean }).marked)).toBe(true);
  expect(complaints).toEqual([]);
});

test("a run is cancelled by its button, once that is confirmed, and its share is set", async () => {
  const page = await openDashboard();
  await go(page, "#/runs");
  const row = page.locator("tr").filter({ has: page.getByText("held", { exact: true }) });
  await row.getByRole("button", { name: "Share…" }).click();
  await page.getByLabel("Weight").fill("4");
  await page.getByRole("button", { name: "Set" }).click();
  await page.getByText("The run “held” has weight 4 and no limit of slots.").waitFor();

  const cancel = row.getByRole("button", { name: "Cancel the run held" });
  await cancel.click();
  await page.getByRole("button", { name: "Leave it" }).click();
  expect((await client.info()).tasks.processing).toBe(6);
  await cancel.click();
  await page.getByText("That ends 8 tasks, for everybody who waits for them.").waitFor();
  await page.getByRole("button", { name: "Cancel the run", exact: true }).click();
  await page.getByText("The run “held” is cancelled: 8 tasks ended.").waitFor();
  const ends = await Promise.allSettled(futures.slice(-8).map((future) => future.result()));
  for (const end of ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "CANCELLED" } });
  await row.getByRole("button", { name: "Cancel the run held", disabled: true }).waitFor();
  expect(complaints).toEqual([]);
});

test.each(["light", "dark"] as const)("every page is there, in %s", async (colorScheme) => {
  const page = await openDashboard({ colorScheme });
  const background = String(await page.evaluate("getComputedStyle(document.body).backgroundColor"));
  const [red = 0] = background.match(/\d+/g)?.map(Number) ?? [];
  expect(red > 128).toBe(colorScheme === "light");
  for (const [hash, shown] of [
    ["#/", "Progress by name"],
    ["#/workers", "worker-1"],
    ["#/workers/worker-0", "2 of 2 in use, threads"],
    ["#/workers/nobody", 'there is no worker "nobody" now'],
    ["#/tasks?state=queued", "2 tasks on page 1, the last"],
    ["#/tasks/hold-7", "is ready to run"],
    ["#/tasks/nobody", "the scheduler knows no task"],
    ["#/runs", "no limit"],
    ["#/graph?run=flow", "3 names of tasks"],
    ["#/logs", "Logs"],
    ["#/scaling", "worker-0 joined"],
    ["#/nowhere", "There is no such page"],
  ] as const) {
    await go(page, hash);
    await page.getByText(shown).first().waitFor();
  }
  // The browser itself tells of what is not there.
  expect(complaints.filter((text) => !text.includes("status of 404"))).toEqual([]);
});

test("behind a proxy it works at a path below", async () => {
  await using proxy = await subPathProxy(cluster.dashboardUrl ?? "", { path: "/clusters/one/", upgrades: true });
  const page = await openPage(proxy.url);
  await logIn(page);
  await page.locator(".feed-live").waitFor();
  await figure(page, "Slots in use").getByText("4 / 4").waitFor();
  await go(page, "#/tasks/hold-7");
  await page.getByText("is ready to run").waitFor();
  expect(proxy.asked).toContain("/clusters/one/api/v1/live");
  expect(proxy.asked).not.toContain("/clusters/one/api/v1/live/events");
  expect(proxy.asked.filter((path) => !path.startsWith("/clusters/one/"))).toEqual([]);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Token of this scheduler").waitFor();
  expect(complaints).toEqual([]);
});

test("where no WebSocket gets through it is told by server-sent events", async () => {
  await using proxy = await subPathProxy(cluster.dashboardUrl ?? "", { path: "/muster/", upgrades: false });
  const page = await openPage(proxy.url);
  await logIn(page);
  await page.locator(".feed-live").waitFor();
  expect(proxy.asked).toContain("/muster/api/v1/live/events");
  const row = page.locator(".progress-row").filter({ has: page.getByText("inc", { exact: true }) });
  await row.getByText("3 / 3").waitFor();
  client.map(inc, [10, 20], { run: "flow", resources: { never: 1 } });
  await row.getByText("3 / 5").waitFor();
  expect(complaints.filter((text) => !text.includes("WebSocket"))).toEqual([]);
  await page.close();
});
