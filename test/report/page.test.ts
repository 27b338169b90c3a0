import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { taskId } from "../../protocol/ids.ts";
import type { ClusterEvent } from "../../protocol/record.ts";
import { renderReport } from "../../report/html.ts";
import { Recorder } from "../../report/recorder.ts";
import type { ReportData, ReportMeta } from "../../report/report-data.ts";
import { type OpenPage, ReportBrowser, showAll } from "./browser.ts";
import { epochMs, generatedRun } from "./generated-run.ts";

let browser: ReportBrowser;

beforeAll(async () => {
  browser = await ReportBrowser.launch();
});

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
});

function dataOf(events: readonly ClusterEvent[], meta: ReportMeta): ReportData {
  const recorder = new Recorder();
  recorder.add(events);
  return recorder.snapshot(meta);
}

function generated(tasks: number, change: Partial<ReportMeta> = {}): ReportData {
  const { events, meta } = generatedRun({ tasks });
  return dataOf(events, { ...meta, ...change });
}

const open = async (data: ReportData, options: Parameters<ReportBrowser["open"]>[1] = {}): Promise<OpenPage> =>
  browser.open(await renderReport(data), options);

const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.innerText(selector)).replace(/\s+/g, " ");

const cells = (page: Page, label: string): Promise<string[][]> =>
  page.$$eval(`table[aria-label="${label}"] tbody tr`, (rows) =>
    rows.map((row) =>
      Array.from(row.children as Iterable<{ textContent: string | null }>, (cell) => cell.textContent ?? ""),
    ),
  );

/** Nothing went wrong, and nothing was asked of a network. */
function expectQuiet({ complaints, requests }: OpenPage): void {
  expect(complaints).toEqual([]);
  expect(requests).toEqual([]);
}

describe("a report in a browser", () => {
  test("shows what the data says", async () => {
    const data = generated(700);
    await using opened = await open(data);
    const { page } = opened;
    await showAll(page);
    expect(await page.title()).toBe("nightly · Muster performance report");
    expect(await page.innerText("h1")).toBe("nightly");
    expect(await page.innerText(".state")).toBe("Success");
    const summary = await textOf(page, "#summary");
    expect(summary).toContain("Tasks done 700 of 700 submitted");
    expect(summary).toContain(`Retries ${data.totals.retries} in ${data.totals.attempts} attempts`);
    expect(summary).toContain("Peak workers 4 1 lost");
    expect(summary).toContain(`Utilisation ${Number((data.totals.utilisation * 100).toFixed(1))} %`);
    expect(summary).toContain("muster 0.1.0, node 26.1.0");
    const byName = await cells(page, "Tasks by name");
    expect(byName.map(([name, done, failed]) => [name, done, failed])).toEqual(
      data.names.map(({ name, done, failed }) => [name, String(done), failed === 0 ? "–" : String(failed)]),
    );
    expect(
      (await cells(page, "Workers")).map(([name, host, slots, attempts]) => [name, host, slots, attempts]),
    ).toEqual(data.workers.map(({ name, host, slots, attempts }) => [name, host, String(slots), String(attempts)]));
    const keys = Array.from(data.criticalPath.rows, (row) => data.attempts.key.at(row));
    expect((await cells(page, "Critical path")).map(([, key]) => key)).toEqual(keys);
    expect(await page.locator(".heat").count()).toBe(data.moved.routes.length);
    expect(await page.locator("#graph .node").count()).toBe(7);
    expect(await textOf(page, "#logs .found")).toBe(`${data.logs.count} of ${data.logs.count} lines`);
    expect(await page.locator("#system .uplot").count()).toBe(6);
    expect(await page.locator("#profile .frame").count()).toBe(11);
    expectQuiet(opened);
  });

  test("shows a run of which there is nothing to tell, and says why", async () => {
    const { meta } = generatedRun({ tasks: 0 });
    await using opened = await open(dataOf([], { ...meta, outcome: "running", state: "Running", message: "" }));
    await showAll(opened.page);
    expect(await opened.page.locator("section .nothing").count()).toBeGreaterThanOrEqual(8);
    for (const id of ["stream", "tasks", "workers", "system", "graph", "transfers", "profile", "logs"]) {
      expect(await opened.page.locator(`#${id} .nothing`).first().innerText()).toMatch(/\w.*\.$/);
    }
    expectQuiet(opened);
  });

  test("shows a failed run with what failed first, and what was left out", async () => {
    const { events, meta } = generatedRun({ tasks: 30 });
    const end = {
      kind: "task-end",
      run: "nightly",
      atMs: epochMs + 900,
      code: "TASK_FAILED",
      message: "Error: no date",
    } as const;
    const more: ClusterEvent[] = [
      { ...end, task: taskId(41), key: "late-1", name: "late", state: "failed", origin: "bad-1" },
      { ...end, task: taskId(42), key: "late-2", name: "late", state: "failed", origin: "bad-1" },
      { ...end, task: taskId(40), key: "bad-1", name: "bad", state: "failed", origin: "bad-1" },
      { kind: "dropped", atMs: epochMs, what: "events", count: 12_345 },
    ];
    const data = dataOf([...events, ...more], {
      ...meta,
      outcome: "failed",
      state: "Failed",
      message: "Error: no date",
    });
    await using opened = await open(data);
    await showAll(opened.page);
    expect(await opened.page.getAttribute(".state", "class")).toContain("state-failed");
    expect(await cells(opened.page, "Tasks without a result")).toEqual([
      ["bad", "1", "failed", "TASK_FAILED", "Error: no date", "bad-1", "itself"],
      ["late", "2", "failed", "TASK_FAILED", "Error: no date", "late-1", "bad-1"],
    ]);
    expect(await textOf(opened.page, ".notice")).toContain("12,345 events. They never came here");
    expectQuiet(opened);
  });

  test("shows what users wrote as text, wherever it stands", async () => {
    const bad = `<script>alert(1)</script><img src=x onerror=alert(2)>`;
    const { events, meta } = generatedRun({ tasks: 3 });
    const attempt = events.find((event) => event.kind === "attempt");
    const worker = events.find((event) => event.kind === "worker");
    if (attempt === undefined || worker === undefined) throw new Error("the generated run has no attempt or no worker");
    const span = { startMs: epochMs, endMs: epochMs + 50 };
    const own = { ...attempt, name: bad, key: bad, worker: bad, deps: [], ...span };
    const hostile: ClusterEvent[] = [
      { ...worker, worker: bad, host: bad, reason: bad, version: bad },
      { ...own, task: taskId(90) },
      { ...own, task: taskId(91), deps: [taskId(90)], worker: "w", fate: "failed", message: bad },
      {
        kind: "task-end",
        task: taskId(91),
        key: bad,
        name: bad,
        run: bad,
        atMs: epochMs,
        state: "failed",
        code: bad,
        message: bad,
        origin: bad,
      },
      { kind: "transfer", worker: "w", from: bad, tasks: 1, bytes: 9, ...span },
      { kind: "scaling", decision: { atMs: epochMs, live: 1, requested: 1, target: 1, reason: bad } },
      { kind: "log", line: { atMs: epochMs, level: "error", source: "task", worker: bad, key: bad, text: bad } },
      { kind: "profile", process: "w", frames: [{ name: bad, place: bad, parent: -1, selfMs: 5 }] },
      {
        kind: "vitals",
        process: bad,
        atMs: epochMs,
        cpuPercent: 1,
        memoryBytes: 1,
        storedBytes: 1,
        eventLoopDelayMs: 1,
        sentBytes: 1,
        receivedBytes: 1,
      },
    ];
    const data = dataOf(hostile, { ...meta, title: bad, state: bad, message: bad, address: bad, host: bad });
    await using opened = await open(data);
    const { page } = opened;
    await showAll(page);
    expect(await page.locator("#page script, #page img").count()).toBe(0);
    expect(await page.title()).toContain(bad);
    expect(await page.innerText("h1")).toBe(bad);
    for (const id of ["summary", "tasks", "workers", "system", "graph", "transfers", "profile", "logs"]) {
      expect(await page.locator(`#${id}`).textContent(), id).toContain("<script>");
    }
    await hover(page, 0.1);
    expect(await page.innerText(".tip strong")).toBe(bad);
    expectQuiet(opened);
  });

  test("says so when its data is damaged", async () => {
    const html = (await renderReport(generated(10))).replace(/(class="data">.{40}).{8}/, "$1AAAAAAAA");
    await using opened = await browser.open(html, { waitFor: ".nothing" });
    expect(await opened.page.innerText(".nothing")).toContain("cannot be read");
    expect(opened.requests).toEqual([]);
  });
});

/** Moves the pointer over the first lane, at a part of the picture's width. */
async function hover(page: Page, part: number): Promise<void> {
  await page.locator(".stream canvas").scrollIntoViewIfNeeded();
  // The page hears of its scrolling before it draws next; a wheel that is still turning then is the page's.
  await pixels(page);
  const box = await page.locator(".stream canvas").boundingBox();
  if (box === null) throw new Error("the task stream is not shown");
  await page.mouse.move(box.x + 116 + (box.width - 116) * part, box.y + 5);
}

/** What the picture is made of, to see whether it changed. */
const pixels = (page: Page): Promise<string> =>
  page.evaluate(`new Promise((resolve) => {
    const read = () => resolve(document.querySelector(".stream canvas").toDataURL());
    requestAnimationFrame(() => requestAnimationFrame(read));
  })`);

describe("the task stream", () => {
  test("tells what lies under the pointer, and keeps it on a click", async () => {
    const data = generated(50);
    await using opened = await open(data);
    const { page } = opened;
    await page.waitForSelector(".stream canvas");
    await hover(page, 0.3);
    await page.waitForSelector(".tip:not([hidden])");
    const key = await page.innerText(".tip strong");
    const row = Array.from({ length: data.attempts.count }, (_, index) => index).find(
      (index) => data.attempts.key.at(index) === key,
    );
    expect(row).toBeDefined();
    expect(data.attempts.worker[row as number]).toBe(0);
    expect(data.attempts.lane[row as number]).toBe(0);
    await page.mouse.down();
    await page.mouse.up();
    expect(await textOf(page, ".pinned")).toContain(`${key} Task`);
    expectQuiet(opened);
  });

  test("zooms by wheel, pans by drag, and does both by keys", async () => {
    await using opened = await open(generated(200));
    const { page } = opened;
    await page.waitForSelector(".stream canvas");
    const whole = await pixels(page);
    await hover(page, 0.5);
    await page.mouse.wheel(0, -400);
    await expect.poll(() => pixels(page)).not.toBe(whole);
    const zoomed = await pixels(page);
    await page.mouse.down();
    await page.mouse.move(300, 400, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => pixels(page)).not.toBe(zoomed);
    await page.locator(".stream canvas").focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("0");
    await expect.poll(() => pixels(page)).toBe(whole);
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => pixels(page)).not.toBe(whole);
    await page.getByRole("button", { name: "Whole run" }).click();
    await page.locator(".stream canvas").focus();
    await expect.poll(() => pixels(page)).toBe(whole);
    expectQuiet(opened);
  });

  test("finds attempts by name and by key", async () => {
    const data = generated(700);
    await using opened = await open(data);
    const { page } = opened;
    const found = (text: string | RegExp) => page.locator(".stream .found").getByText(text);
    await page.fill(".stream input", "SCORE");
    const scores = data.names.find(({ name }) => name === "score");
    await found(`${(scores?.done ?? 0) + (scores?.failed ?? 0)} of ${data.attempts.count} attempts`).waitFor();
    await page.fill(".stream input", "load-000001");
    await found(`1 of ${data.attempts.count} attempts`).waitFor();
    await page.keyboard.press("Enter");
    await found("1 of 1 match").waitFor();
    expect(await page.innerText(".pinned strong")).toBe("load-000001");
    expectQuiet(opened);
  });
});

test("tables sort by their headers", async () => {
  const data = generated(700);
  await using opened = await open(data);
  const { page } = opened;
  await page.locator("#tasks").scrollIntoViewIfNeeded();
  const header = page.locator('table[aria-label="Tasks by name"] th').first();
  await header.getByRole("button").click();
  const names = data.names.map(({ name }) => name).sort();
  expect((await cells(page, "Tasks by name")).map(([name]) => name)).toEqual(names);
  expect(await header.getAttribute("aria-sort")).toBe("ascending");
  await header.getByRole("button").click();
  expect((await cells(page, "Tasks by name")).map(([name]) => name)).toEqual(names.reverse());
  expectQuiet(opened);
});

test("logs are filtered by text and level", async () => {
  const data = generated(3_000);
  await using opened = await open(data);
  const { page } = opened;
  await page.locator("#logs").scrollIntoViewIfNeeded();
  await page.selectOption('#logs select[aria-label="Least level"]', { label: "warn and worse" });
  expect(await page.locator("#logs .line").count()).toBe(3);
  await page.fill("#logs input", "no line says this");
  expect(await page.locator("#logs .line").count()).toBe(0);
  expectQuiet(opened);
});

test("a call of a profile is shown alone on a click, and its caller leads back", async () => {
  await using opened = await open(generated(20));
  const { page } = opened;
  await page.locator("#profile").scrollIntoViewIfNeeded();
  const frames = page.locator("#profile .flame").first().locator(".frame");
  await frames.first().waitFor();
  const before = await frames.count();
  await page.locator('#profile .frame[aria-label^="parse"]').first().click();
  await expect.poll(() => frames.count()).toBe(4);
  await page.locator('#profile .frame[aria-label^="all"]').first().click();
  await expect.poll(() => frames.count()).toBe(before);
  expectQuiet(opened);
});

test("the trace is a file that has every attempt", async () => {
  const data = generated(700);
  await using opened = await open(data);
  const [download] = await Promise.all([
    opened.page.waitForEvent("download"),
    opened.page.getByRole("button", { name: "Download trace" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("nightly.trace.json");
  const { traceEvents } = JSON.parse(readFileSync(await download.path(), "utf8")) as {
    traceEvents: { ph: string; name: string; dur: number; args: { key?: string } }[];
  };
  const spans = traceEvents.filter(({ ph }) => ph === "X");
  expect(spans.filter(({ args }) => args.key !== undefined)).toHaveLength(data.attempts.count);
  expect(spans.filter(({ name }) => name === "transfer")).toHaveLength(data.transfers.count);
  expect(spans.every(({ dur }) => dur >= 0)).toBe(true);
  expectQuiet(opened);
});

test("follows the system's light or dark, and a choice of one's own", async () => {
  await using opened = await open(generated(50), { colorScheme: "dark" });
  const { page } = opened;
  const background = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
  const dark = await background();
  const drawn = await pixels(page);
  await page.getByRole("button", { name: "Light mode" }).click();
  const light = await background();
  expect(light).not.toBe(dark);
  expect(await pixels(page)).not.toBe(drawn);
  await page.getByRole("button", { name: "Dark mode" }).click();
  expect(await background()).toBe(dark);
  await page.emulateMedia({ colorScheme: "light" });
  expect(await background()).toBe(dark);
  expectQuiet(opened);
});

test("a narrow window shows all of it without scrolling sideways", async () => {
  await using opened = await open(generated(700), { viewport: { width: 390, height: 800 } });
  await showAll(opened.page);
  expect(await opened.page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  expectQuiet(opened);
});
