import type { LogLine } from "../../../protocol/record.ts";
import { el, nothing } from "../dom.ts";
import { link } from "./page.ts";
import { Polling } from "./polling.ts";
import { to } from "./route.ts";

const time = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** The last log lines that pass a filter, the latest at the end, and in sight. */
export class LogLines {
  readonly element: HTMLElement = el("div");
  readonly #empty: string;
  readonly #list: HTMLElement = el("ol", { class: "lines", tabindex: 0, "aria-label": "Log lines" });
  readonly #polling: Polling<{ readonly lines: readonly LogLine[] }>;
  #shown = "";

  constructor(empty: string) {
    this.#empty = empty;
    this.#polling = new Polling(
      ({ lines }) => this.show(lines),
      (message) => this.element.replaceChildren(nothing(message)),
    );
  }

  ask(path: string): void {
    this.#polling.ask(path);
  }

  show(lines: readonly LogLine[]): void {
    const last = lines.at(-1);
    const shown = `${lines.length} ${last?.atMs} ${last?.text}`;
    if (shown === this.#shown && this.element.childElementCount > 0) return;
    this.#shown = shown;
    if (lines.length === 0) {
      this.element.replaceChildren(nothing(this.#empty));
      return;
    }
    const list = this.#list;
    // Who has scrolled up is reading there.
    const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - 24;
    list.replaceChildren(...lines.map(lineOf));
    if (list.parentElement !== this.element) this.element.replaceChildren(list);
    if (follows) list.scrollTop = list.scrollHeight;
  }

  close(): void {
    this.#polling.close();
  }
}

function lineOf({ atMs, level, worker, key, text }: LogLine): HTMLElement {
  const who =
    key !== undefined
      ? link(to(["tasks", key]), key)
      : worker !== undefined
        ? link(to(["workers", worker]), worker)
        : "scheduler";
  return el(
    "li",
    { class: `line line-${level}` },
    el("time", { datetime: new Date(atMs).toISOString() }, time.format(atMs)),
    el("span", { class: "level" }, level),
    el("span", { class: "who", title: key ?? worker ?? "scheduler" }, who),
    el("span", { class: "text" }, text),
  );
}
