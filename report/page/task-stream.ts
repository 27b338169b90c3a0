import type { NameColours } from "./colours.ts";
import { button, el, nothing, put } from "./dom.ts";
import { count, counted, duration } from "./format.ts";
import { attemptLines, detailsList, moveLines, type StreamData } from "./stream-details.ts";
import type { MoveRows } from "./stream-layout.ts";
import { streamLegend } from "./stream-legend.ts";
import { type Hit, StreamPicture } from "./stream-picture.ts";
import { type Found, searchAttempts } from "./task-search.ts";

/** Every attempt as a bar in its lane, with what moved beneath; to zoom, pan, hover and search. */
export class TaskStream {
  readonly element: HTMLElement = el("div", { class: "stream" });
  readonly #parts: readonly HTMLElement[];
  readonly #colours: NameColours;
  readonly #picture: StreamPicture;
  readonly #tip: HTMLElement = el("div", { class: "tip", hidden: true });
  readonly #pinned: HTMLElement = el("div", { class: "pinned", "aria-live": "polite" });
  readonly #legend: HTMLElement = el("div", { class: "legend" });
  readonly #searchBox: HTMLInputElement = el("input", {
    type: "search",
    placeholder: "Search by key or name",
    "aria-label": "Search tasks by key or name",
  });
  readonly #foundText: HTMLElement = el("output", { class: "found" });
  #found: Found | undefined;
  #foundIndex = -1;
  #searches = 0;
  /** The wheel zooms once the pointer was moved over the picture; a page that is being scrolled is left alone. */
  #wheelZooms = false;

  constructor(colours: NameColours) {
    this.#colours = colours;
    this.#picture = new StreamPicture(colours);
    const tools = el(
      "div",
      { class: "tools" },
      this.#searchBox,
      button("Previous", () => this.#goToMatch(-1)),
      button("Next", () => this.#goToMatch(1)),
      this.#foundText,
      el("span", { class: "spring" }),
      button("−", () => this.#zoomMiddle(1.6), { "aria-label": "Zoom out" }),
      button("+", () => this.#zoomMiddle(1 / 1.6), { "aria-label": "Zoom in" }),
      button("Whole run", () => this.#reset()),
    );
    const keys = el(
      "p",
      { class: "hint", id: "stream-keys" },
      "Wheel to zoom, drag to pan, click for details. With the picture focused: arrows pan, + and − zoom, 0 shows the whole run.",
    );
    const frame = el("div", { class: "stream-frame" }, this.#picture.scroller, this.#tip);
    this.#parts = [tools, frame, this.#pinned, this.#legend, keys];
    this.#listen();
  }

  show(data: StreamData): void {
    if (data.attempts.count + data.transfers.count + data.disk.count === 0) {
      this.element.replaceChildren(nothing("No attempt at a task had ended when this was written."));
      return;
    }
    this.#picture.show(data);
    put(this.element, ...this.#parts);
    const { firstMs, lastMs } = this.#picture.view;
    this.#legend.replaceChildren(...streamLegend(data, this.#colours, (name) => this.#searchFor(name)));
    this.#picture.canvas.setAttribute(
      "aria-label",
      `Task stream: ${counted(data.attempts.count, "attempt")} on ${counted(data.workers.length, "worker")} over ${duration(lastMs - firstMs)}. The tables below tell the same in words.`,
    );
    this.#search();
  }

  destroy(): void {
    this.#picture.destroy();
    removeEventListener("scroll", this.#onPageScroll);
    this.element.remove();
  }

  readonly #onPageScroll = (): void => {
    this.#wheelZooms = false;
  };

  #listen(): void {
    const { canvas } = this.#picture;
    canvas.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.#onPointerDown(event));
    canvas.addEventListener("pointermove", (event) => this.#onPointerMove(event));
    canvas.addEventListener("pointerleave", () => {
      this.#tip.hidden = true;
      this.#wheelZooms = false;
    });
    canvas.addEventListener("keydown", (event) => this.#onKey(event));
    addEventListener("scroll", this.#onPageScroll);
    this.#searchBox.addEventListener("input", () => this.#search());
    this.#searchBox.addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.#goToMatch(event.shiftKey ? -1 : 1);
    });
  }

  #reset(): void {
    this.#picture.view.reset();
    this.#picture.redraw();
  }

  #zoomMiddle(factor: number): void {
    this.#picture.view.zoom(this.#picture.view.startMs + this.#picture.view.spanMs / 2, factor);
    this.#picture.redraw();
  }

  #onWheel(event: WheelEvent): void {
    if (event.shiftKey || (!this.#wheelZooms && !event.ctrlKey && !event.metaKey)) return;
    const factor = Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300)));
    // At the end of its way, the wheel is the page's again.
    if (factor >= 1 && this.#picture.view.isWhole && !event.ctrlKey) return;
    event.preventDefault();
    this.#picture.view.zoom(this.#picture.msOf(event.offsetX), factor);
    this.#tip.hidden = true;
    this.#picture.redraw();
  }

  #onPointerDown(event: PointerEvent): void {
    if (event.button !== 0) return;
    const { canvas, view, plotWidth } = this.#picture;
    canvas.setPointerCapture(event.pointerId);
    let lastX = event.clientX;
    let moved = 0;
    const move = (next: PointerEvent): void => {
      moved += Math.abs(next.clientX - lastX);
      view.pan((-(next.clientX - lastX) / plotWidth) * view.spanMs);
      lastX = next.clientX;
      this.#tip.hidden = true;
      this.#picture.redraw();
    };
    const end = (last: PointerEvent): void => {
      canvas.removeEventListener("pointermove", move);
      canvas.removeEventListener("pointerup", end);
      canvas.removeEventListener("pointercancel", end);
      if (last.type === "pointerup" && moved < 4) this.#select(this.#picture.hit(last.offsetX, last.offsetY));
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }

  #onPointerMove(event: PointerEvent): void {
    this.#wheelZooms = true;
    if (event.buttons !== 0) return;
    const hit = this.#picture.hit(event.offsetX, event.offsetY);
    this.#tip.hidden = hit === undefined;
    if (hit === undefined) return;
    this.#tip.replaceChildren(...this.#detailsOf(hit));
    const frame = this.#picture.canvas.clientWidth;
    const x = Math.min(event.offsetX + 14, Math.max(0, frame - this.#tip.offsetWidth - 4));
    this.#tip.style.left = `${x}px`;
    this.#tip.style.top = `${event.offsetY + 16}px`;
  }

  #onKey(event: KeyboardEvent): void {
    const step = this.#picture.view.spanMs / 8;
    const scroll = 60;
    const deeds: Record<string, () => void> = {
      ArrowLeft: () => this.#picture.view.pan(-step),
      ArrowRight: () => this.#picture.view.pan(step),
      ArrowUp: () => this.#picture.scroller.scrollBy(0, -scroll),
      ArrowDown: () => this.#picture.scroller.scrollBy(0, scroll),
      "+": () => this.#zoomMiddle(1 / 1.6),
      "=": () => this.#zoomMiddle(1 / 1.6),
      "-": () => this.#zoomMiddle(1.6),
      "0": () => this.#reset(),
      Home: () => this.#picture.view.pan(this.#picture.view.firstMs - this.#picture.view.startMs),
      End: () => this.#picture.view.pan(this.#picture.view.lastMs - this.#picture.view.endMs),
      Escape: () => this.#select(undefined),
    };
    const deed = deeds[event.key];
    if (deed === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    deed();
    this.#picture.redraw();
  }

  #detailsOf({ kind, index }: Hit): HTMLElement[] {
    const { data, moves } = this.#picture;
    const lines =
      kind === "attempt"
        ? attemptLines(data as StreamData, index)
        : moveLines(data as StreamData, moves as MoveRows, index);
    return detailsList(lines);
  }

  #select(hit: Hit | undefined): void {
    this.#picture.selected = hit;
    this.#pinned.replaceChildren(...(hit === undefined ? [] : this.#detailsOf(hit)));
  }

  // Searching.

  #searchFor(text: string): void {
    this.#searchBox.value = this.#searchBox.value === text ? "" : text;
    this.#search();
  }

  #search(): void {
    const search = ++this.#searches;
    const text = this.#searchBox.value.trim();
    const { data } = this.#picture;
    if (data === undefined) return;
    if (text === "") {
      this.#setFound(undefined);
      return;
    }
    // A search that was overtaken by another comes to nothing, and no search can fail.
    searchAttempts(data.attempts, data.names, text, () => search !== this.#searches).then(
      (found) => found && this.#setFound(found),
      () => undefined,
    );
  }

  #setFound(found: Found | undefined): void {
    this.#found = found;
    this.#foundIndex = -1;
    const total = this.#picture.data?.attempts.count ?? 0;
    this.#foundText.textContent =
      found === undefined ? "" : `${count(found.rows.length)} of ${counted(total, "attempt")}`;
    this.#picture.found = found?.flags;
  }

  #goToMatch(step: number): void {
    const rows = this.#found?.rows;
    if (rows === undefined || rows.length === 0) return;
    this.#foundIndex =
      (this.#foundIndex + step + rows.length + (this.#foundIndex < 0 && step < 0 ? 1 : 0)) % rows.length;
    const index = rows[this.#foundIndex] as number;
    this.#picture.reveal(index);
    this.#foundText.textContent = `${count(this.#foundIndex + 1)} of ${counted(rows.length, "match", "matches")}`;
    this.#select({ kind: "attempt", index });
  }
}
