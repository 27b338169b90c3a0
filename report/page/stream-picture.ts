import { type NameColours, pixelOf } from "./colours.ts";
import { el } from "./dom.ts";
import { duration } from "./format.ts";
import type { StreamData } from "./stream-details.ts";
import {
  attemptRows,
  firstAt,
  type LaidRow,
  layOut,
  type MoveRows,
  moveRows,
  type SpanRows,
  type StreamLayout,
} from "./stream-layout.ts";
import { type Paint, StreamPainter } from "./stream-painter.ts";
import { StreamView, ticks } from "./stream-view.ts";
import { onThemeChange, themeColour } from "./theme.ts";

const axisHeight = 22;
/** Of the picture's rows together; more of them scroll. */
const heightWanted = 460;
const heightMax = 560;
/** A pointer this near to a span means it. */
const slackPixels = 3;

interface Drawn {
  readonly data: StreamData;
  readonly attempts: SpanRows;
  readonly moves: MoveRows;
  readonly layout: StreamLayout;
}

export type Hit = { readonly kind: "attempt" | "move"; readonly index: number };

/** The canvas of the task stream: what part of time it shows, what is painted where, and what lies at a point of it. */
export class StreamPicture {
  readonly canvas: HTMLCanvasElement;
  readonly scroller: HTMLElement;
  readonly view: StreamView = new StreamView();
  /** 1 for attempts that were searched for; undefined: nothing was. */
  #found: Uint8Array | undefined;
  #selected: Hit | undefined;
  readonly #colours: NameColours;
  readonly #spacer: HTMLElement = el("div", { class: "stream-spacer" });
  readonly #painter: StreamPainter = new StreamPainter();
  readonly #stopFollowing: () => void;
  readonly #resizing: ResizeObserver = new ResizeObserver(() => this.redraw());
  #drawn: Drawn | undefined;
  #attemptPaint: Paint | undefined;
  #movePaint: Paint | undefined;
  #frame = 0;

  constructor(colours: NameColours) {
    this.#colours = colours;
    this.canvas = el("canvas", {
      tabindex: 0,
      role: "img",
      "aria-label": "Task stream",
      "aria-describedby": "stream-keys",
    });
    this.scroller = el("div", { class: "stream-scroller" }, this.canvas, this.#spacer);
    this.scroller.addEventListener("scroll", () => this.redraw());
    this.#resizing.observe(this.scroller);
    this.#stopFollowing = onThemeChange(() => this.#repaint());
  }

  get data(): StreamData | undefined {
    return this.#drawn?.data;
  }

  get moves(): MoveRows | undefined {
    return this.#drawn?.moves;
  }

  set found(flags: Uint8Array | undefined) {
    this.#found = flags;
    this.#repaint();
  }

  set selected(hit: Hit | undefined) {
    this.#selected = hit;
    this.redraw();
  }

  show(data: StreamData): void {
    const moves = moveRows(data.transfers, data.disk, data.workers);
    const attempts = attemptRows(data.attempts, data.workers);
    this.#drawn = { data, attempts, moves, layout: layOut(data.workers, moves, heightWanted) };
    this.view.setRange(...rangeOf(attempts, moves));
    this.#selected = undefined;
    this.#found = undefined;
    this.#repaint();
  }

  destroy(): void {
    this.#resizing.disconnect();
    this.#stopFollowing();
    cancelAnimationFrame(this.#frame);
  }

  get #gutter(): number {
    return this.canvas.clientWidth < 560 ? 64 : 116;
  }

  get plotWidth(): number {
    return Math.max(1, this.canvas.clientWidth - this.#gutter);
  }

  /** Once before the browser draws, however often it is called. */
  redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /** What lies at a point of the canvas. */
  hit(x: number, y: number): Hit | undefined {
    if (this.#drawn === undefined || x < this.#gutter - slackPixels) return undefined;
    const { attempts, moves, layout } = this.#drawn;
    const atY = y + this.scroller.scrollTop;
    if (y > this.canvas.clientHeight - axisHeight) return undefined;
    const laid = layout.rows.find(({ top, height }) => atY >= top - 1 && atY <= top + height + 1);
    if (laid === undefined) return undefined;
    const spans = laid.kind === "lane" ? attempts : moves;
    const index = this.#nearest(spans, laid, this.msOf(x));
    return index === undefined ? undefined : { kind: laid.kind === "lane" ? "attempt" : "move", index };
  }

  /** The span at a moment; where there is none, the nearest within reach. */
  #nearest(spans: SpanRows, { row }: LaidRow, atMs: number): number | undefined {
    const slackMs = (slackPixels / this.plotWidth) * this.view.spanMs;
    const last = spans.bounds[row + 1] as number;
    let nearest: number | undefined;
    let leastMs = slackMs;
    for (let index = firstAt(spans, row, atMs - slackMs); index < last; index++) {
      const startMs = spans.startMs[index] as number;
      if (startMs > atMs + slackMs) break;
      const awayMs = Math.max(0, startMs - atMs, atMs - (spans.endMs[index] as number));
      if (awayMs > leastMs || (awayMs === leastMs && nearest !== undefined && awayMs > 0)) continue;
      leastMs = awayMs;
      nearest = index;
    }
    return nearest;
  }

  /** Brings an attempt into view. */
  reveal(index: number): void {
    if (this.#drawn === undefined) return;
    const { attempts } = this.#drawn;
    this.view.reveal(attempts.startMs[index] as number, attempts.endMs[index] as number);
    const laid = this.#laidRowOf({ kind: "attempt", index });
    if (laid) this.scroller.scrollTop = laid.top - heightMax / 2;
    this.redraw();
  }

  #laidRowOf({ kind, index }: Hit): LaidRow | undefined {
    const { attempts, moves, layout } = this.#drawn as Drawn;
    const spans = kind === "attempt" ? attempts : moves;
    const wanted = kind === "attempt" ? "lane" : "strip";
    const holds = (row: number): boolean =>
      index >= (spans.bounds[row] as number) && index < (spans.bounds[row + 1] as number);
    return layout.rows.find((laid) => laid.kind === wanted && holds(laid.row));
  }

  /** Colours are made anew when they are needed: before the browser draws, and not at all while nothing is seen. */
  #repaint(): void {
    this.#attemptPaint = undefined;
    this.redraw();
  }

  #makePaint(): void {
    const { data, moves } = this.#drawn as Drawn;
    const { attempts, names } = data;
    const background = pixelOf(themeColour("--lane"));
    const nameColours = names.map(({ name }) => pixelOf(this.#colours.of(name)));
    const fateColours = [
      0,
      pixelOf(themeColour("--failed")),
      pixelOf(themeColour("--cancelled")),
      pixelOf(themeColour("--lost")),
    ];
    const colours = new Uint32Array(attempts.count);
    for (let row = 0; row < attempts.count; row++) {
      const fate = attempts.fate[row] as number;
      colours[row] = (fate === 0 ? nameColours[attempts.name[row] as number] : fateColours[fate]) as number;
    }
    const isUrgent = attempts.fate.map((fate) => (fate === 0 ? 0 : 1));
    this.#attemptPaint = { colours, isUrgent, isFound: this.#found, background };
    const moveColours = ["--transfer", "--disk", "--disk"].map((name) => pixelOf(themeColour(name)));
    this.#movePaint = {
      colours: Uint32Array.from(moves.kind, (kind) => moveColours[kind] as number),
      isUrgent: new Uint8Array(moves.kind.length),
      background: pixelOf(themeColour("--card")),
    };
  }

  #draw(): void {
    const context = this.canvas.getContext("2d");
    if (this.#drawn === undefined || context === null) return;
    if (this.#attemptPaint === undefined) this.#makePaint();
    const { layout } = this.#drawn;
    const height = Math.min(heightMax, layout.height + axisHeight);
    this.scroller.style.height = `${height}px`;
    this.canvas.style.height = `${height}px`;
    this.#spacer.style.height = `${Math.max(0, layout.height + axisHeight - height)}px`;
    const ratio = devicePixelRatio;
    const width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    const tall = Math.max(1, Math.round(height * ratio));
    if (this.canvas.width !== width || this.canvas.height !== tall) {
      this.canvas.width = width;
      this.canvas.height = tall;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = themeColour("--card");
    context.fillRect(0, 0, width, tall);
    this.#paintRows(context, width, tall, ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#drawLabels(context);
    this.#drawAxis(context, height);
    this.#drawSelected(context);
  }

  #paintRows(context: CanvasRenderingContext2D, width: number, tall: number, ratio: number): void {
    const { attempts, moves, layout } = this.#drawn as Drawn;
    const left = Math.round(this.#gutter * ratio);
    const plot = width - left;
    const bottom = tall - Math.round(axisHeight * ratio);
    if (plot <= 0 || bottom <= 0) return;
    const image = context.createImageData(plot, bottom);
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(pixelOf(themeColour("--card")));
    const window = { startMs: this.view.startMs, pixelsPerMs: plot / this.view.spanMs };
    for (const { kind, row, top, height } of layout.rows) {
      const from = Math.round((top - this.scroller.scrollTop) * ratio);
      const until = Math.min(bottom, from + Math.max(1, Math.round(height * ratio)));
      const first = Math.max(0, from);
      if (first >= until) continue;
      const line = pixels.subarray(first * plot, (first + 1) * plot);
      if (kind === "lane") this.#painter.paintLine(line, attempts, row, window, this.#attemptPaint as Paint);
      else this.#painter.paintLine(line, moves, row, window, this.#movePaint as Paint);
      for (let y = first + 1; y < until; y++) pixels.copyWithin(y * plot, first * plot, (first + 1) * plot);
    }
    context.putImageData(image, left, 0);
  }

  #drawLabels(context: CanvasRenderingContext2D): void {
    const { data, layout } = this.#drawn as Drawn;
    context.font = themeColour("--small-font");
    context.fillStyle = themeColour("--muted");
    context.textBaseline = "top";
    context.textAlign = "left";
    let nextFree = 0;
    let labelled = -1;
    for (const { worker, top, height } of layout.rows) {
      const y = top - this.scroller.scrollTop + Math.max(0, (Math.min(height, 20) - 11) / 2);
      if (worker === labelled || y < nextFree || y > this.canvas.clientHeight - axisHeight - 10) continue;
      labelled = worker;
      nextFree = y + 13;
      context.fillText(shortened(context, data.workers[worker]?.name ?? "", this.#gutter - 10), 0, y);
    }
  }

  #drawAxis(context: CanvasRenderingContext2D, height: number): void {
    const y = height - axisHeight;
    context.strokeStyle = themeColour("--line");
    context.fillStyle = themeColour("--muted");
    context.textBaseline = "top";
    context.textAlign = "center";
    context.beginPath();
    context.moveTo(this.#gutter, y + 0.5);
    context.lineTo(this.#gutter + this.plotWidth, y + 0.5);
    for (const ms of ticks(this.view.startMs, this.view.endMs, this.plotWidth / 110)) {
      const x = this.#xOf(ms);
      context.moveTo(x, y);
      context.lineTo(x, y + 4);
      // A label that would be cut off says less than none.
      if (x < this.#gutter + this.plotWidth - 24) context.fillText(duration(ms), x, y + 7);
    }
    context.stroke();
  }

  #drawSelected(context: CanvasRenderingContext2D): void {
    if (this.#selected === undefined) return;
    const { attempts, moves } = this.#drawn as Drawn;
    const { kind, index } = this.#selected;
    const spans = kind === "attempt" ? attempts : moves;
    const laid = this.#laidRowOf(this.#selected);
    if (laid === undefined) return;
    const left = Math.max(this.#gutter, this.#xOf(spans.startMs[index] as number));
    const right = Math.min(this.#gutter + this.plotWidth, this.#xOf(spans.endMs[index] as number));
    context.strokeStyle = themeColour("--accent");
    context.lineWidth = 2;
    if (right >= this.#gutter) {
      context.strokeRect(
        left - 1,
        laid.top - this.scroller.scrollTop - 1,
        Math.max(3, right - left + 2),
        laid.height + 2,
      );
    }
    context.lineWidth = 1;
  }

  #xOf(ms: number): number {
    return this.#gutter + ((ms - this.view.startMs) / this.view.spanMs) * this.plotWidth;
  }

  /** The moment at a place of the canvas. */
  msOf(x: number): number {
    return this.view.startMs + ((x - this.#gutter) / this.plotWidth) * this.view.spanMs;
  }
}

function rangeOf(...all: readonly SpanRows[]): [firstMs: number, lastMs: number] {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { startMs, endMs } of all) {
    for (const ms of startMs) firstMs = Math.min(firstMs, ms);
    for (const ms of endMs) lastMs = Math.max(lastMs, ms);
  }
  return [firstMs, lastMs];
}

function shortened(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = Math.min(text.length, 40);
  while (length > 1 && context.measureText(`${text.slice(0, length)}…`).width > width) length--;
  return `${text.slice(0, length)}…`;
}
