import { el } from "../dom.ts";
import type { Feed } from "./feed.ts";
import type { Route } from "./route.ts";

/** One page of the dashboard, while it is shown. */
export interface Page {
  readonly title: string;
  readonly element: HTMLElement;
  /** There are new figures or events. */
  update(): void;
  close(): void;
}

export interface PageParts {
  readonly feed: Feed;
  readonly route: Route;
}

export type OpenPage = (parts: PageParts) => Page;

/** A part of a page, with a heading. */
export function card(title: string, ...content: readonly (HTMLElement | false)[]): HTMLElement {
  return el("section", { class: "card" }, el("h2", {}, title), ...content);
}

export function link(href: string, text: string): HTMLElement {
  return el("a", { href }, text);
}
