// Measures a report of 100,000 tasks in a real Chromium: its size, and the longest task, which keeps the page from answering,
// while it opens, is scrolled through, zoomed, panned and searched. A task's length is the time that it had a processor, so
// that a busy machine does not count. Ends with 1 when a mark is missed.
import { renderReport } from "../../../report/html.ts";
import { Recorder } from "../../../report/recorder.ts";
import { type MainThreadTask, ReportBrowser, showAll } from "../browser.ts";
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
const phases: { readonly name: string; readonly task: MainThreadTask }[] = [];
let name = "open";
await browser.startTracing();
await using opened = await browser.open(html);
const { page } = opened;
await next("scroll");
await showAll(page);
await next("pan");
await page.locator(".stream canvas").scrollIntoViewIfNeeded();
await settle();
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
await next("search");
await page.fill(".stream input", "score-0");
await page.locator(".stream .found").getByText("of").waitFor();
await next("");

const longestMs = Math.max(...phases.map(({ task }) => task.cpuMs));
const told = phases.map((phase) => `${phase.name} ${Math.round(phase.task.cpuMs)} (${Math.round(phase.task.wallMs)})`);
const lines = [
  `${tasks} tasks: recorded in ${Math.round(recordMs)} ms, put together in ${Math.round(snapshotMs)} ms, written in ${Math.round(renderMs)} ms`,
  `size: ${(html.length / 1e6).toFixed(2)} MB of at most ${bytesMax / 1e6}`,
  `longest task, ms of processor (of the clock): ${told.join(", ")}; at most ${longTaskMsMax}`,
  ...opened.complaints,
  ...opened.requests.map((url) => `asked for ${url}`),
];
process.stdout.write(`${lines.join("\n")}\n`);
const isGood = html.length <= bytesMax && longestMs <= longTaskMsMax && lines.length === 3;
process.exitCode = isGood ? 0 : 1;

/** Ends a phase with its longest task, and begins another. */
async function next(following: string): Promise<void> {
  await settle();
  const [task = { wallMs: 0, cpuMs: 0 }] = await browser.stopTracing();
  phases.push({ name, task });
  name = following;
  if (following !== "") await browser.startTracing();
}

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** Until the browser has nothing to do, and has told of what it did. */
async function settle(): Promise<void> {
  await page.evaluate("new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(resolve)))");
}
