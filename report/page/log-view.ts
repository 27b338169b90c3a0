import { type LogColumns, logLevels, logSources } from "../report-data.ts";
import { button, el, nothing, put } from "./dom.ts";
import { count, counted, moment } from "./format.ts";

/** At first, and with each press of the button. */
const linesStep = 300;

/** The log lines of the scheduler, the workers and the tasks, with a filter. */
export class LogView {
  readonly element: HTMLElement = el("div", { class: "logs" });
  readonly #text: HTMLInputElement = el("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": "Show only lines that contain",
  });
  readonly #level: HTMLSelectElement = el(
    "select",
    { "aria-label": "Least level" },
    ...logLevels.map((level, index) =>
      el("option", { value: index }, index === 0 ? "all levels" : `${level}${index < 3 ? " and worse" : ""}`),
    ),
  );
  readonly #source: HTMLSelectElement = el(
    "select",
    { "aria-label": "Source" },
    el("option", { value: "" }, "all sources"),
    ...logSources.map((source, index) =>
      el("option", { value: index }, `${source}${source === "scheduler" ? "" : "s"}`),
    ),
  );
  readonly #said: HTMLElement = el("output", { class: "found" });
  readonly #tools: HTMLElement = el("div", { class: "tools" }, this.#text, this.#level, this.#source, this.#said);
  readonly #lines: HTMLElement = el("ol", { class: "lines", tabindex: 0, "aria-label": "Log lines" });
  readonly #more: HTMLElement = el("p", { class: "more" });
  #logs: LogColumns | undefined;
  #shown = linesStep;

  constructor() {
    for (const input of [this.#text, this.#level, this.#source]) {
      input.addEventListener("input", () => {
        this.#shown = linesStep;
        this.#draw();
      });
    }
  }

  show(logs: LogColumns): void {
    this.#logs = logs;
    if (logs.count === 0) {
      this.element.replaceChildren(nothing("Nothing was logged."));
      return;
    }
    put(this.element, this.#tools, this.#lines, this.#more);
    this.#draw();
  }

  #draw(): void {
    const logs = this.#logs as LogColumns;
    const wanted = this.#text.value.toLowerCase();
    const least = Number(this.#level.value);
    const source = this.#source.value;
    const rows: number[] = [];
    for (let row = 0; row < logs.count; row++) {
      if ((logs.level[row] as number) < least) continue;
      if (source !== "" && logs.source[row] !== Number(source)) continue;
      if (
        wanted !== "" &&
        !`${logs.worker.at(row)} ${logs.key.at(row)} ${logs.text.at(row)}`.toLowerCase().includes(wanted)
      )
        continue;
      rows.push(row);
    }
    this.#said.textContent = `${count(rows.length)} of ${counted(logs.count, "line")}`;
    this.#lines.replaceChildren(...rows.slice(0, this.#shown).map((row) => line(logs, row)));
    const hidden = rows.length - this.#shown;
    const more = button(`Show more (${count(hidden)} hidden)`, () => {
      this.#shown += linesStep;
      this.#draw();
    });
    this.#more.replaceChildren(...(hidden > 0 ? [more] : []));
  }
}

function line(logs: LogColumns, row: number): HTMLElement {
  const level = logLevels[logs.level[row] as number] ?? "info";
  const who = [logs.worker.at(row), logs.key.at(row)].filter(Boolean).join(" ") || "scheduler";
  return el(
    "li",
    { class: `line line-${level}` },
    el("time", {}, moment(logs.atMs[row] as number)),
    el("span", { class: "level" }, level),
    el("span", { class: "who", title: who }, who),
    el("span", { class: "text" }, logs.text.at(row) ?? ""),
  );
}
