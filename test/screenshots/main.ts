// npm run docs:screenshots: every page of the dashboard and the performance report of a busy cluster, as pictures in
// docs/screenshots/, in light and dark, 1280 and 400 px wide. Look at them.
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import { join as joinPath } from "node:path";
import { pathToFileURL } from "node:url";
import { Client, type Future } from "muster";
import { LocalCluster } from "muster/cluster/local";
import { type Browser, chromium, type Page } from "playwright-core";
import { clean, extract, hostile, join, summarize, train, validate } from "./demo-tasks.ts";

const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const folder = new URL("../../docs/screenshots/", import.meta.url).pathname;
const sizes = { wide: { width: 1_280, height: 900 }, narrow: { width: 400, height: 800 } } as const;
/** Beyond this a page only goes on with more of the same. */
const heightMax = 6_000;

const dashboardPages: Readonly<Record<string, string>> = {
  status: "#/",
  workers: "#/workers",
  worker: "#/workers/worker-0",
  tasks: "#/tasks",
  task: "#/tasks/validate-7",
  runs: "#/runs",
  graph: "#/graph?run=nightly",
  logs: "#/logs",
  scaling: "#/scaling",
};

if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}: name one with CHROMIUM`);
await mkdir(folder, { recursive: true });
const temporary = await mkdtemp(joinPath(os.tmpdir(), "muster-screenshots-"));
const report = joinPath(temporary, "report.html");
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const cluster = await LocalCluster.start({ nWorkers: 1, threadsPerWorker: 2, dashboard: true });
const complaints: string[] = [];
try {
  cluster.adapt({ minimum: 2, maximum: 3, intervalMs: 500 });
  const client = await Client.connect(cluster, { name: "nightly job" });
  // Held until the end: what nobody holds any more is forgotten, and no page could show it.
  const held: Future<unknown>[] = [];
  await client.performanceReport(report, () => nightly(client, held));
  const training = client.map(train, [1, 2, 3, 4, 5, 6, 7, 8], { run: "training", key: "train" });
  await seenRunning(client);
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"] as const) {
      const suffix = `${colorScheme}-${viewport.width}`;
      const page = await openPage(browser, { viewport, colorScheme });
      await page.goto(cluster.dashboardUrl ?? "");
      await shoot(page, `login-${suffix}`);
      await page.getByLabel("Token of this scheduler").fill(cluster.token);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.locator(".feed-live").waitFor();
      for (const [name, hash] of Object.entries(dashboardPages)) {
        await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
        await page.waitForLoadState("networkidle").catch(() => undefined);
        await shoot(page, `${name}-${suffix}`);
      }
      await page.goto(pathToFileURL(report).href);
      await page.getByRole("heading", { name: "Logs" }).waitFor();
      await shoot(page, `report-${suffix}`);
      await page.context().close();
      console.log(`${size}, ${colorScheme}`);
    }
  }
  await client.cancel(training);
  for (const future of held) future.release();
  await client.close();
} finally {
  await browser.close();
  await cluster.close();
  await rm(temporary, { recursive: true });
}
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;

/** Twelve months, one of which is broken. */
async function nightly(client: Client, held: Future<unknown>[]): Promise<void> {
  const months = Array.from({ length: 12 }, (_, index) => index + 1);
  const run = "nightly";
  const cleaned = months.map((month) =>
    client.submit(clean, [client.submit(extract, [month], { run, key: `extract-${month}` })], {
      run,
      key: `clean-${month}`,
    }),
  );
  const checks = months.map((month, index) =>
    client.submit(validate, [cleaned[index] as Future<number[]>, month], { run, key: `validate-${month}` }),
  );
  const joined = cleaned
    .slice(1)
    .map((rows, index) =>
      client.submit(join, [cleaned[index] as Future<number[]>, rows], { run, key: `join-${index + 1}` }),
    );
  const total = client.submit(summarize, [joined], { run, key: "summary" });
  const named = client.submit(hostile, [1], { run: "<img src=x onerror=alert(1)>", key: "<script>alert(1)</script>" });
  held.push(...cleaned, ...checks, ...joined, total, named);
  await Promise.allSettled(held.map((future) => future.result()));
}

async function seenRunning(client: Client): Promise<void> {
  for (;;) {
    const { workers } = await client.info();
    if (workers.length > 1 && workers.every(({ running }) => running > 0)) return;
  }
}

async function openPage(
  from: Browser,
  options: { viewport: { width: number; height: number }; colorScheme: "light" | "dark" },
): Promise<Page> {
  const context = await from.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
}

/** Sections are drawn when they come into view, so that the page is scrolled through first. */
async function shoot(page: Page, name: string): Promise<void> {
  const height = Number(await page.evaluate("document.documentElement.scrollHeight"));
  for (let y = 0; y < height; y += 400) {
    await page.evaluate(
      `new Promise((resolve) => { scrollTo(0, ${y}); requestAnimationFrame(() => requestAnimationFrame(resolve)); })`,
    );
  }
  await page.evaluate("new Promise((resolve) => { scrollTo(0, 0); setTimeout(resolve, 700); })");
  const { width = 0 } = page.viewportSize() ?? {};
  const whole = Number(await page.evaluate("document.documentElement.scrollHeight"));
  const clip = { x: 0, y: 0, width, height: Math.min(whole, heightMax) };
  await page.screenshot({ path: joinPath(folder, `${name}.png`), fullPage: true, clip });
}
