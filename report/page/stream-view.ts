/** The part of time that a picture shows, within all the time there is. */
export class StreamView {
  /** What there is to see. */
  firstMs = 0;
  lastMs = 1;
  startMs = 0;
  endMs = 1;

  get spanMs(): number {
    return this.endMs - this.startMs;
  }

  get isWhole(): boolean {
    return this.startMs <= this.firstMs && this.endMs >= this.lastMs;
  }

  /** Sets what there is to see. A view of all of it stays one. */
  setRange(firstMs: number, lastMs: number): void {
    const wasWhole = this.isWhole;
    this.firstMs = firstMs;
    this.lastMs = Math.max(lastMs, firstMs + 1e-3);
    if (wasWhole) this.reset();
    else this.#move(this.startMs, this.spanMs);
  }

  reset(): void {
    this.startMs = this.firstMs;
    this.endMs = this.lastMs;
  }

  /** Keeps what is at `atMs` where it is. `factor` above 1 shows more. */
  zoom(atMs: number, factor: number): void {
    const spanMs = Math.min(this.lastMs - this.firstMs, Math.max(0.01, this.spanMs * factor));
    const part = (atMs - this.startMs) / this.spanMs;
    this.#move(atMs - part * spanMs, spanMs);
  }

  pan(byMs: number): void {
    this.#move(this.startMs + byMs, this.spanMs);
  }

  /** Puts a span in the middle, with room around it. */
  reveal(startMs: number, endMs: number): void {
    const spanMs = Math.min(this.spanMs, Math.max((endMs - startMs) * 20, (this.lastMs - this.firstMs) / 1_000));
    this.#move((startMs + endMs) / 2 - spanMs / 2, spanMs);
  }

  #move(startMs: number, spanMs: number): void {
    const span = Math.min(spanMs, this.lastMs - this.firstMs);
    this.startMs = Math.max(this.firstMs, Math.min(this.lastMs - span, startMs));
    this.endMs = this.startMs + span;
  }
}

/** Round moments of a window, about `wanted` of them. */
export function ticks(startMs: number, endMs: number, wanted: number): number[] {
  const rough = (endMs - startMs) / Math.max(1, wanted);
  const stepMs = niceSteps.find((step) => step >= rough) ?? niceSteps.at(-1) ?? rough;
  const found: number[] = [];
  for (let index = Math.ceil(startMs / stepMs); index * stepMs <= endMs; index++) found.push(index * stepMs);
  return found;
}

const decades = [0.001, 0.01, 0.1, 1, 10, 100];
const longStepsS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 604_800];
const niceSteps: readonly number[] = [
  ...decades.flatMap((decade) => [decade, 2 * decade, 5 * decade]),
  ...longStepsS.map((seconds) => seconds * 1_000),
];
