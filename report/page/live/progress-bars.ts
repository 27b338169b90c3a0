import type { GroupView } from "../../../protocol/cluster-view.ts";
import type { NameColours } from "../colours.ts";
import { el, nothing } from "../dom.ts";
import { count, duration } from "../format.ts";
import { link } from "./page.ts";
import { to } from "./route.ts";

interface Progress {
  readonly name: string;
  total: number;
  done: number;
  processing: number;
  erred: number;
  finished: number;
  computeMs: number;
}

const barsMax = 30;

/** How far the tasks of each name are, of all runs together or of one. */
export function progressBars(groups: readonly GroupView[], colours: NameColours): HTMLElement {
  const rows = byName(groups);
  if (rows.length === 0) return nothing("No tasks are on the books. They show here from when they are submitted.");
  const shown = rows.slice(0, barsMax);
  return el(
    "div",
    { class: "progress", role: "table", "aria-label": "Progress by name of task" },
    ...shown.map((row) => bar(row, colours)),
    rows.length > shown.length && el("p", { class: "hint" }, `and ${count(rows.length - shown.length)} more names`),
  );
}

function bar(row: Progress, colours: NameColours): HTMLElement {
  const { name, total, done, processing, erred, finished, computeMs } = row;
  const part = (kind: string, value: number, colour?: string): HTMLElement | false => {
    if (value <= 0) return false;
    const piece = el("span", { class: `piece piece-${kind}` });
    piece.style.flexGrow = String(value);
    if (colour !== undefined) piece.style.background = colour;
    return piece;
  };
  const colour = colours.of(name);
  const rest = Math.max(0, total - done - processing - erred);
  const mean = finished > 0 ? `, ${duration(computeMs / finished)} each` : "";
  return el(
    "div",
    { class: "progress-row", role: "row" },
    el("span", { class: "name", role: "rowheader" }, link(to(["tasks"], { name }), name)),
    el(
      "span",
      { class: "pieces", "aria-hidden": "true" },
      part("done", done, colour),
      part("running", processing, colour),
      part("failed", erred),
      part("open", rest),
    ),
    el(
      "span",
      { class: "said", role: "cell" },
      el("b", {}, `${count(done)} / ${count(total)}`),
      [
        processing > 0 ? ` · ${count(processing)} on workers` : "",
        erred > 0 ? ` · ${count(erred)} failed` : "",
        mean === "" ? "" : ` · ${mean.slice(2)}`,
      ].join(""),
    ),
  );
}

/** Done are those whose result is there and those whose result is not needed any more. */
function byName(groups: readonly GroupView[]): Progress[] {
  const rows = new Map<string, Progress>();
  for (const group of groups) {
    const { name, total, waiting, queued, processing, erred, finished, computeMs } = group;
    let row = rows.get(name);
    if (row === undefined) {
      row = { name, total: 0, done: 0, processing: 0, erred: 0, finished: 0, computeMs: 0 };
      rows.set(name, row);
    }
    row.total += total;
    row.processing += processing;
    row.erred += erred;
    row.done += Math.min(finished, total - waiting - queued - processing - erred);
    row.finished += finished;
    row.computeMs += computeMs;
  }
  return [...rows.values()].sort((a, b) => b.processing - a.processing || b.total - a.total);
}
