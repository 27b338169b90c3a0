import { readFileSync } from "node:fs";
import type { FigureResult } from "../run-shapes.ts";
import type { Session } from "../session.ts";
import { environmentLines } from "./environment-lines.ts";
import { type ResultRow, rowsOf, showMark, showNumber, showRatio } from "./rows.ts";
import { peersOf } from "./text-table.ts";

const theme = readFileSync(new URL("../../report/page/theme.css", import.meta.url), "utf8");

const style = `
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.45 var(--sans); }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: 0.25rem 0 0.75rem; color: var(--muted); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 0.75rem; margin: 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; margin: 0.75rem 0; }
.bar { display: grid; grid-template-columns: minmax(5.5rem, 9rem) 1fr minmax(4.5rem, max-content); gap: 0.5rem; align-items: center; margin-top: 0.35rem; }
.bar span { overflow-wrap: anywhere; }
.bar span:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.bar svg { width: 100%; height: 16px; display: block; background: var(--lane); border-radius: 3px; }
.own { fill: var(--done); }
.other { fill: var(--cancelled); }
.repetition { stroke: var(--ink); stroke-width: 1.5; }
.goal { stroke: var(--transfer); stroke-width: 2.5; }
.verdict { display: inline-block; border-radius: 4px; padding: 0 0.4rem; margin: 0.35rem 0.35rem 0 0; font-size: 0.87rem; background: var(--quiet-ground); }
.verdict.reached { color: var(--good); background: var(--good-ground); }
.verdict.missed { color: var(--bad); background: var(--bad-ground); }
`;

/** The session as one page that needs nothing else, scripts included. */
export function htmlPage(session: Session): string {
  const rows = rowsOf(session.results, session.quick);
  const peers = peersOf(rows);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Muster benchmarks</title>
<style>${theme}${style}</style>
</head>
<body>
<main>
<h1>Muster benchmarks</h1>
<dl>${environmentLines(session)
    .map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`)
    .join("")}</dl>
${peers.map((peer) => ratioChart(peer, rows)).join("\n")}
${shapeCharts(session, rows)}
${partsChart(session)}
</main>
</body>
</html>
`;
}

/** Ratios differ by orders of magnitude, so that their axis is logarithmic: the middle is 1, as good as the peer. */
function ratioChart(peer: string, rows: readonly ResultRow[]): string {
  const measured = rows.flatMap((row) => {
    const ratio = row.peers.find(({ name }) => name === peer)?.ratio;
    return ratio === undefined ? [] : [{ row, ratio }];
  });
  if (measured.length === 0) return "";
  const goalOf = ({ verdicts }: ResultRow): number | undefined =>
    verdicts.find(({ mark }) => mark.against === peer)?.mark.least;
  const decades = Math.max(1, ...measured.flatMap(({ row, ratio }) => [ratio, goalOf(row) ?? 1]).map(distance));
  const at = (ratio: number): number => 50 + (50 * Math.log10(ratio)) / decades;
  const bars = measured.map(({ row, ratio }) => {
    const goal = goalOf(row);
    const [from, to] = [Math.min(50, at(ratio)), Math.max(50, at(ratio))];
    const picture = rectangle("own", from, to - from) + (goal === undefined ? "" : tick("goal", at(goal)));
    return bar(`${row.shape}, ${row.figure}`, picture, showRatio(ratio));
  });
  return `<h2>How many times as good as ${escaped(peer)}</h2>
<p>The ratio of medians. Logarithmic, from 1 in the middle: to the right Muster is better. A red line is the mark to reach.</p>
<div class="card">${bars.join("")}</div>`;
}

const distance = (ratio: number): number => Math.abs(Math.log10(ratio)) * 1.05;

function shapeCharts({ results }: Session, rows: readonly ResultRow[]): string {
  const cards = results.flatMap(({ shape, summary, figures }) =>
    figures.map((figure) => {
      const row = rows.find((one) => one.shape === shape && one.figure === figure.name);
      return figureCard(`${shape}: ${figure.name}`, summary, figure, row);
    }),
  );
  return `<h2>Shapes</h2>
<p>Bars show the median, which marks are about, and lines each repetition. Other than ratios, these figures say nothing about other machines.</p>
${cards.join("\n")}`;
}

function figureCard(title: string, summary: string, figure: FigureResult, row: ResultRow | undefined): string {
  const contenders = Object.entries(figure.by);
  const most = Math.max(...contenders.flatMap(([, { all }]) => all));
  const at = (value: number): number => (100 * value) / most;
  const bars = contenders.map(([name, { median, all }]) => {
    const ticks = all.map((value) => tick("repetition", at(value))).join("");
    return bar(name, rectangle(name === "muster" ? "own" : "other", 0, at(median)) + ticks, showNumber(median));
  });
  const verdicts = row?.verdicts.map(({ mark, value, reached }) => {
    const state = reached === undefined ? "not measured" : reached ? "reached" : "missed";
    const shown = value === undefined ? "" : ` with ${showNumber(value)}`;
    return `<span class="verdict ${state}">mark ${escaped(showMark(mark))}: ${state}${shown}</span>`;
  });
  const best = row?.own === undefined ? "" : `; Muster's best is ${showNumber(row.own.best)}`;
  return `<div class="card"><h3>${escaped(title)}</h3><p>${escaped(summary)}; ${figure.better} is better${best}</p>
${bars.join("")}${verdicts?.join("") ?? ""}</div>`;
}

function partsChart({ micro }: Session): string {
  if (micro.length === 0) return "";
  const most = Math.max(...micro.map(({ medianNs }) => Math.log10(medianNs)));
  const bars = micro.map(({ name, per, medianNs }) =>
    bar(name, rectangle("own", 0, (100 * Math.log10(medianNs)) / most), `${showNumber(medianNs)} ns/${per}`),
  );
  return `<h2>Parts by themselves</h2>
<p>The median of what one takes; logarithmic.</p>
<div class="card">${bars.join("")}</div>`;
}

function bar(label: string, picture: string, value: string): string {
  const alternative = `${label}: ${value}`;
  return `<div class="bar"><span>${escaped(label)}</span><svg role="img" aria-label="${escaped(alternative)}">${picture}</svg><span>${escaped(value)}</span></div>`;
}

const percent = (value: number): string => `${value.toFixed(2)}%`;

const rectangle = (kind: string, from: number, width: number): string =>
  `<rect class="${kind}" x="${percent(from)}" width="${percent(Math.max(width, 0.3))}" height="100%"/>`;

const tick = (kind: string, at: number): string =>
  `<line class="${kind}" x1="${percent(at)}" x2="${percent(at)}" y1="0" y2="100%"/>`;

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.codePointAt(0)};`);
