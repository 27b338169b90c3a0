import { button, el } from "../dom.ts";
import { toggleTheme } from "../theme.ts";
import type { Feed, FeedState } from "./feed.ts";
import { to } from "./route.ts";

const sections = [
  ["", "Status"],
  ["workers", "Workers"],
  ["tasks", "Tasks"],
  ["runs", "Runs"],
  ["graph", "Graph"],
  ["logs", "Logs"],
  ["scaling", "Scaling"],
] as const;

const words: { readonly [State in FeedState]: string } = {
  connecting: "connecting…",
  live: "live",
  lost: "connection lost, trying again…",
};

/** What stands around every page. */
export class Shell {
  readonly main: HTMLElement = el("main", { id: "main", tabindex: -1 });
  readonly #links: ReadonlyMap<string, HTMLElement> = new Map(
    sections.map(([path, text]) => [path, el("a", { href: to(path === "" ? [] : [path]) }, text)]),
  );
  readonly #state: HTMLElement = el("span", { class: "feed", role: "status" });
  readonly #version: HTMLElement = el("span", { class: "version" });

  constructor() {
    const skip = el("a", { class: "skip", href: "#main" }, "Skip to the page");
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.main.focus();
    });
    document.body.replaceChildren(
      skip,
      el(
        "header",
        {},
        el("div", { class: "brand" }, el("strong", {}, "Muster"), this.#version, this.#state),
        el("nav", { "aria-label": "Pages" }, ...this.#links.values()),
        el(
          "div",
          { class: "tools" },
          button("Light / dark", toggleTheme),
          // A form, so that leaving works as entering does.
          el("form", { method: "post", action: "logout" }, el("button", {}, "Log out")),
        ),
      ),
      this.main,
    );
  }

  /** Marks the section that a page is of. */
  mark(section: string): void {
    for (const [path, link] of this.#links) {
      if (path === section) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  update({ state, figures }: Feed): void {
    this.#state.textContent = words[state];
    this.#state.className = `feed feed-${state}`;
    if (figures !== undefined) this.#version.textContent = figures.cluster.version;
  }
}
