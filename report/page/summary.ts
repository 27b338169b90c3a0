import type { ReportData, Totals } from "../report-data.ts";
import { el } from "./dom.ts";
import { bytes, count, counted, dateTime, duration, percent } from "./format.ts";

/** What one wants to know first. */
export function summaryView({ meta, totals, workers, dropped }: ReportData): HTMLElement {
  const tookMs = meta.endMs - meta.startMs;
  const figures = el(
    "dl",
    { class: "figures" },
    ...figure("Duration", duration(tookMs)),
    ...figure("Tasks done", count(totals.done), `of ${count(Math.max(totals.submitted, totals.done))} submitted`),
    ...figure("Utilisation", percent(totals.utilisation), "of the slots' time"),
    ...figure(
      "Peak workers",
      count(totals.workersPeak),
      totals.workersLost > 0 ? `${count(totals.workersLost)} lost` : "none lost",
    ),
    ...figure("Moved", bytes(totals.transferredBytes), "between workers"),
    ...figure("Retries", count(totals.retries), `in ${counted(totals.attempts, "attempt")}`),
  );
  const facts = el(
    "dl",
    { class: "facts" },
    ...fact("Started", dateTime(meta.startMs)),
    ...fact("Ended", meta.outcome === "running" ? "it has not" : dateTime(meta.endMs)),
    ...fact("Cluster", meta.address || "–"),
    ...fact("Workers", `${count(workers.length)} on ${counted(new Set(workers.map(({ host }) => host)).size, "host")}`),
    ...fact("Workers' versions", totals.versions.join("; ") || "–"),
    ...fact("Written by", `muster ${meta.version}, node ${meta.nodeVersion.replace(/^v/, "")}, on ${meta.host}`),
    ...fact("To and from disk", `${bytes(totals.writtenBytes)} written, ${bytes(totals.readBytes)} read`),
  );
  return el(
    "div",
    { class: "summary" },
    figures,
    el("div", { class: "bars" }, tasksBar(totals), timeBar(totals)),
    facts,
    dropped.length > 0 &&
      el(
        "div",
        { class: "notice", role: "note" },
        el("h3", {}, "Not everything is here"),
        el(
          "ul",
          {},
          ...dropped.map((row) => el("li", {}, el("strong", {}, `${count(row.count)} ${row.what}. `), row.why)),
        ),
      ),
  );
}

function figure(term: string, value: string, more?: string): HTMLElement[] {
  return [
    el(
      "div",
      {},
      el("dt", {}, term),
      el("dd", { class: "value" }, value),
      more !== undefined && el("dd", { class: "more" }, more),
    ),
  ];
}

function fact(term: string, text: string): HTMLElement[] {
  return [el("dt", {}, term), el("dd", {}, text)];
}

type Part = readonly [label: string, kind: string, value: number, shown: string];

function tasksBar({ done, failed, cancelled, unfinished }: Totals): HTMLElement {
  return bar("Tasks by state", [
    ["done", "done", done, count(done)],
    ["failed", "failed", failed, count(failed)],
    ["cancelled", "cancelled", cancelled, count(cancelled)],
    ["not finished", "open", unfinished, count(unfinished)],
  ]);
}

function timeBar({ computingMs, idleMs, transferringMs, diskMs }: Totals): HTMLElement {
  return bar(
    "Time of slots",
    [
      ["computing", "done", computingMs, duration(computingMs)],
      ["idle", "open", idleMs, duration(idleMs)],
    ],
    [
      ["transferring", "transfer", transferringMs, duration(transferringMs)],
      ["on disk", "disk", diskMs, duration(diskMs)],
    ],
  );
}

/** Parts of a whole as one bar, with what each is below it, and what goes on beside them. */
function bar(title: string, parts: readonly Part[], beside: readonly Part[] = []): HTMLElement {
  const whole = parts.reduce((sum, [, , value]) => sum + value, 0);
  const pieces = parts
    .filter(([, , value]) => value > 0)
    .map(([, kind, value]) => {
      const piece = el("span", { class: `piece piece-${kind}` });
      piece.style.flexGrow = String(value / whole);
      return piece;
    });
  const entry = ([label, kind, , shown]: Part): HTMLElement =>
    el("li", {}, el("span", { class: `swatch piece-${kind}` }), `${label} `, el("b", {}, shown));
  return el(
    "div",
    { class: "bar" },
    el("h3", {}, title),
    el("div", { class: "pieces", "aria-hidden": "true" }, ...pieces),
    el("ul", {}, ...parts.map(entry)),
    beside.length > 0 && el("ul", {}, el("li", {}, "Beside them:"), ...beside.map(entry)),
  );
}
