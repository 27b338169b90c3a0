import { el } from "../dom.ts";
import { query } from "./api.ts";
import { LogLines } from "./log-lines.ts";
import { card, type OpenPage } from "./page.ts";

export const openLogs: OpenPage = ({ route }) => {
  const lines = new LogLines("No line that is kept passes the filter.");
  const select = (label: string, ...options: readonly (readonly [value: string, text: string])[]): HTMLSelectElement =>
    el("select", { "aria-label": label }, ...options.map(([value, text]) => el("option", { value }, text)));
  const level = select(
    "Least level",
    ["", "all levels"],
    ["info", "info and worse"],
    ["warn", "warnings and worse"],
    ["error", "errors"],
  );
  const source = select(
    "Source",
    ["", "all sources"],
    ["scheduler", "the scheduler"],
    ["worker", "workers"],
    ["task", "tasks"],
  );
  const text = el("input", { type: "search", placeholder: "Contains", "aria-label": "Show only lines that contain" });
  const worker = el("input", {
    type: "search",
    placeholder: "Worker",
    "aria-label": "Worker",
    value: route.query.get("worker") ?? "",
  });
  const ask = (): void =>
    lines.ask(
      `logs${query({ level: level.value, source: source.value, text: text.value, worker: worker.value, limit: 1_000 })}`,
    );
  for (const input of [level, source, text, worker]) input.addEventListener("input", ask);
  ask();
  return {
    title: "Logs",
    element: el("div", {}, card("Logs", el("div", { class: "tools" }, level, source, worker, text), lines.element)),
    update: () => undefined,
    close: () => lines.close(),
  };
};
