import { mix } from "./colours.ts";
import { firstAt, type SpanRows } from "./stream-layout.ts";

/** How spans are painted. Colours are pixels. */
export interface Paint {
  readonly colours: Uint32Array;
  /** 1 where a span must be seen however small it is. */
  readonly isUrgent: Uint8Array;
  /** 0 where a span steps back behind what was searched for; absent: nothing was. */
  readonly isFound?: Uint8Array | undefined;
  readonly background: number;
}

/** A window on time: where a line begins, and how many of its pixels make a millisecond. */
export interface Window {
  readonly startMs: number;
  readonly pixelsPerMs: number;
}

/** What is urgent or was searched for wins a pixel over whatever else lies in it. */
const urgentWeight = 2;
/** How much of a span that steps back is left. */
const faded = 0.15;
/** Of a pixel in which next to nothing runs: it must still be seen. */
const coverLeast = 0.35;

/**
 * Paints rows of spans a line at a time, into memory. Spans narrower than a pixel share it: the one that covers most of
 * it gives its colour, and how much of it is covered at all says how strong that is.
 */
export class StreamPainter {
  #cover: Float32Array = new Float32Array(0);
  #weight: Float32Array = new Float32Array(0);

  paintLine(line: Uint32Array, spans: SpanRows, row: number, window: Window, paint: Paint): void {
    const width = line.length;
    if (this.#cover.length !== width) {
      this.#cover = new Float32Array(width);
      this.#weight = new Float32Array(width);
    }
    const cover = this.#cover.fill(0);
    const weight = this.#weight.fill(0);
    line.fill(paint.background);
    const { startMs, endMs, bounds } = spans;
    const { isUrgent, isFound, colours, background } = paint;
    const last = bounds[row + 1] as number;
    for (let index = firstAt(spans, row, window.startMs); index < last; index++) {
      const left = ((startMs[index] as number) - window.startMs) * window.pixelsPerMs;
      if (left >= width) break;
      let right = ((endMs[index] as number) - window.startMs) * window.pixelsPerMs;
      if (right < 0) continue;
      // A hair's breadth between neighbours that are wide enough to be told apart.
      if (right - left >= 4) right -= 1;
      const found = isFound === undefined || isFound[index] === 1;
      const colour = found ? (colours[index] as number) : mix(background, colours[index] as number, faded);
      const extra = isUrgent[index] === 1 || (isFound !== undefined && found) ? urgentWeight : 0;
      const from = Math.max(0, Math.floor(left));
      const until = Math.min(width, Math.max(from + 1, Math.ceil(right)));
      for (let pixel = from; pixel < until; pixel++) {
        const covered = Math.min(right, pixel + 1) - Math.max(left, pixel);
        cover[pixel] = (cover[pixel] as number) + Math.max(covered, extra);
        const own = covered + extra;
        if (own < (weight[pixel] as number) || (own === 0 && weight[pixel] !== 0)) continue;
        weight[pixel] = Math.max(own, 1e-9);
        line[pixel] = colour;
      }
    }
    for (let pixel = 0; pixel < width; pixel++) {
      if (weight[pixel] === 0 || (cover[pixel] as number) >= 1) continue;
      line[pixel] = mix(background, line[pixel] as number, Math.max(coverLeast, cover[pixel] as number));
    }
  }
}
