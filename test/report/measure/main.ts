// Measures a report of 100,000 tasks in a real Chromium: its size, and the longest time for which it keeps the page from
// answering while it opens, is scrolled through, zoomed, panned and searched. Ends with 1 when a mark is missed.
import { renderReport } from "../../../report/html.ts";
import { Recorder } from "../../../report/recorder.ts";
import { ReportBrowser, showAll } from "../browser.ts";
import { generatedRun } from "../generated-run.ts";

const tasks = Number(process.argv[2] ?? 100_000);
const bytesMax = 8e6;
const longTaskMsMax = 200;

const { events, meta } = generatedRun({ tasks, workers: 20, slots: 4 });
const recorder = new Recorder();
const recordMs = timed(() => recorder.add(events));
let html = "";
let snapshot = recorder.snapshot(meta);
const snapshotMs = timed(() => {
  snapshot = recorder.snapshot(meta);
});
const renderStartMs = performance.now();
html = await renderReport(snapshot);
const renderMs = performance.now() - renderStartMs;

await using browser = await ReportBrowser.launch();
await using opened = await browser.open(html, {
  init: () => {
    const observed: { name: string; ms: number }[] = [];
    Object.assign(globalThis, { observed, phase: "open" });
    new PerformanceObserver((list) => {
      const { phase } = globalThis as unknown as { phase: string };
      for (const { duration } of list.getEntries()) observed.push({ name: phase, ms: duration });
    }).observe({ type: "longtask" as "function", buffered: true });
  },
});
const { page } = opened;
const phase = (name: string): Promise<unknown> => page.evaluate(`globalThis.phase = ${JSON.stringify(name)}`);
await settle();
await phase("scroll");
await showAll(page);
await settle();
await phase("pan");
await page.locator(".stream canvas").scrollIntoViewIfNeeded();
const box = await page.locator(".stream canvas").boundingBox();
if (box === null) throw new Error("the task stream is not shown");
await page.mouse.move(box.x + box.width / 2, box.y + 40);
for (let turn = 0; turn < 8; turn++) {
  await page.mouse.wheel(0, turn < 6 ? -300 : 300);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 200, box.y + 60, { steps: 12 });
  await page.mouse.move(box.x + box.width / 2, box.y + 40, { steps: 12 });
  await page.mouse.up();
}
await settle();
await phase("search");
await page.fill(".stream input", "score-0");
await page.locator(".stream .found").getByText("of").waitFor();
await settle();

const observed = (await page.evaluate("globalThis.observed")) as { name: string; ms: number }[];
const longest = (name: string): number =>
  Math.max(0, ...observed.filter((task) => task.name === name).map(({ ms }) => ms));
const phases = ["open", "scroll", "pan", "search"];
const longestMs = Math.max(...phases.map(longest));
const lines = [
  `${tasks} tasks: recorded in ${Math.round(recordMs)} ms, put together in ${Math.round(snapshotMs)} ms, written in ${Math.round(renderMs)} ms`,
  `size: ${(html.length / 1e6).toFixed(2)} MB of at most ${bytesMax / 1e6}`,
  `longest task: ${phases.map((name) => `${name} ${longest(name)} ms`).join(", ")}, of at most ${longTaskMsMax}`,
  ...opened.complaints,
  ...opened.requests.map((url) => `asked for ${url}`),
];
process.stdout.write(`${lines.join("\n")}\n`);
const isGood = html.length <= bytesMax && longestMs <= longTaskMsMax && lines.length === 3;
process.exitCode = isGood ? 0 : 1;

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** Until the browser has nothing to do, and has told of what it did. */
async function settle(): Promise<void> {
  await page.evaluate("new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve)))");
}
