import { Recorder } from "../../recorder.ts";
import type { ReportData } from "../../report-data.ts";
import type { NameColours } from "../colours.ts";
import { button, el, nothing } from "../dom.ts";
import { TaskStream } from "../task-stream.ts";
import type { Feed } from "./feed.ts";

const windows = [
  ["60000", "last minute"],
  ["300000", "last 5 minutes"],
  ["1800000", "last 30 minutes"],
] as const;

/** Drawing it takes as long as a few frames, so not more often than this. */
const drawMs = 1_500;

/** What ran in each slot over the last minutes. It stands still while somebody looks at a part of it. */
export class LiveStream {
  readonly element: HTMLElement;
  readonly #feed: Feed;
  readonly #colours: NameColours;
  readonly #place: HTMLElement = el("div");
  #stream: TaskStream | undefined;
  readonly #window: HTMLSelectElement = el(
    "select",
    { "aria-label": "Time to show" },
    ...windows.map(([value, text]) => el("option", { value }, text)),
  );
  readonly #pause: HTMLButtonElement = button("Pause", () => this.#setPaused(!this.#isPaused));
  #isPaused = false;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #drawnVersion = -1;

  constructor(feed: Feed, colours: NameColours) {
    this.#feed = feed;
    this.#colours = colours;
    this.#window.addEventListener("change", () => this.#draw());
    // Whoever takes hold of it wants it to stay.
    this.#place.addEventListener("pointerdown", () => this.#setPaused(true));
    this.element = el("div", {}, el("div", { class: "tools" }, this.#window, this.#pause), this.#place);
  }

  update(): void {
    const isDue = performance.now() - this.#drawnMs >= drawMs;
    if (isDue && !this.#isPaused && this.#feed.events.version !== this.#drawnVersion) this.#draw();
  }

  close(): void {
    this.#stream?.destroy();
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#pause.textContent = isPaused ? "Go on" : "Pause";
    this.#pause.setAttribute("aria-pressed", String(isPaused));
    if (!isPaused) this.#draw();
  }

  #draw(): void {
    this.#drawnMs = performance.now();
    this.#drawnVersion = this.#feed.events.version;
    const data = recent(this.#feed, Number(this.#window.value));
    if (data.attempts.count + data.transfers.count + data.disk.count === 0) {
      this.#stream?.destroy();
      this.#stream = undefined;
      this.#place.replaceChildren(nothing("No task ended in this time."));
      return;
    }
    if (this.#stream === undefined) {
      this.#stream = new TaskStream(this.#colours);
      // In the document first: a picture is as wide as the place that it has there.
      this.#place.replaceChildren(this.#stream.element);
    }
    this.#stream.show(data);
  }
}

/** The last `windowMs` as a report would have them; its times are ages, below 0. */
export function recent(feed: Feed, windowMs: number): ReportData {
  const endMs = Date.now();
  const startMs = endMs - windowMs;
  const recorder = new Recorder();
  recorder.add(feed.events.since(startMs));
  const cluster = feed.figures?.cluster;
  return recorder.snapshot({
    title: "",
    outcome: "running",
    state: "",
    message: "",
    startMs: endMs,
    endMs,
    address: location.host,
    host: "",
    version: cluster?.version ?? "",
    nodeVersion: "",
  });
}
