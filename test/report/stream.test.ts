import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mix, NameColours, pixelOf } from "../../report/page/colours.ts";
import { duration } from "../../report/page/format.ts";
import { across, gridOf, resample } from "../../report/page/resample.ts";
import { attemptRows, firstAt, layOut, moveRows, type SpanRows } from "../../report/page/stream-layout.ts";
import { StreamPainter } from "../../report/page/stream-painter.ts";
import { StreamView, ticks } from "../../report/page/stream-view.ts";
import { searchAttempts } from "../../report/page/task-search.ts";
import { Recorder } from "../../report/recorder.ts";
import { generatedRun } from "./generated-run.ts";

const paper = pixelOf("#ffffff");
const blue = pixelOf("#0000ff");
const black = pixelOf("#000000");

function spansOf(...pairs: readonly (readonly [number, number])[]): SpanRows {
  return {
    startMs: Float64Array.from(pairs, ([start]) => start),
    endMs: Float64Array.from(pairs, ([, end]) => end),
    bounds: Uint32Array.of(0, pairs.length),
    longestMs: Float64Array.of(Math.max(0, ...pairs.map(([start, end]) => end - start))),
  };
}

/** A line of ten pixels, of a millisecond each. */
function painted(
  spans: SpanRows,
  colours: readonly number[],
  urgent: readonly number[] = [],
  found?: readonly number[],
): number[] {
  const line = new Uint32Array(10);
  const isUrgent = Uint8Array.from(colours, (_, index) => urgent[index] ?? 0);
  new StreamPainter().paintLine(
    line,
    spans,
    0,
    { startMs: 0, pixelsPerMs: 1 },
    {
      colours: Uint32Array.from(colours),
      isUrgent,
      isFound: found ? Uint8Array.from(found) : undefined,
      background: paper,
    },
  );
  return [...line];
}

describe("painting a line", () => {
  test("fills a span, and leaves a hair's breadth behind a wide one", () => {
    expect(painted(spansOf([2, 7]), [blue])).toEqual([
      paper,
      paper,
      blue,
      blue,
      blue,
      blue,
      paper,
      paper,
      paper,
      paper,
    ]);
  });

  test("gives a pixel to whatever covers most of it, as strongly as it is covered", () => {
    const line = painted(spansOf([3, 3.1], [3.2, 3.8]), [black, blue]);
    expect(line[3]).toBe(mix(paper, blue, 0.7));
    expect(line[4]).toBe(paper);
  });

  test("shows what failed however short it was, and never fades it", () => {
    expect(painted(spansOf([3, 3.001], [3.002, 3.99]), [black, blue], [1, 0])[3]).toBe(black);
    expect(painted(spansOf([3, 3]), [black], [1])[3]).toBe(black);
  });

  test("lets what was not searched for step back", () => {
    const line = painted(spansOf([1, 2], [3, 4]), [blue, blue], [], [0, 1]);
    expect([line[1], line[3]]).toEqual([mix(paper, blue, 0.15), blue]);
  });

  test("paints something wherever a span is, and nothing where none is", () => {
    const span = fc.tuple(fc.integer({ min: -40, max: 140 }), fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 30 }), (drawn) => {
        const pairs = drawn
          .map(([start, took]) => [start / 10, (start + took) / 10] as const)
          .sort((a, b) => a[0] - b[0]);
        const line = painted(
          spansOf(...pairs),
          pairs.map(() => blue),
        );
        line.forEach((pixel, x) => {
          const isTouched = pairs.some(([start, end]) => start < x + 1 && end > x && (end - start < 4 || x < end - 1));
          const isPoint = pairs.some(([start, end]) => Math.floor(start) === x && end - start < 1);
          if (isTouched) expect(pixel).not.toBe(paper);
          if (pixel !== paper)
            expect(isTouched || isPoint || pairs.some(([start, end]) => start <= x + 1 && end >= x)).toBe(true);
        });
      }),
    );
  });
});

describe("the layout", () => {
  const { events, meta } = generatedRun({ tasks: 3_000 });
  const recorder = new Recorder();
  recorder.add(events);
  const data = recorder.snapshot(meta);

  test("puts what moved together by worker and start", () => {
    const moves = moveRows(data.transfers, data.disk, data.workers);
    expect(moves.startMs).toHaveLength(data.transfers.count + data.disk.count);
    for (let worker = 0; worker < data.workers.length; worker++) {
      const own = [...moves.startMs.subarray(moves.bounds[worker], moves.bounds[worker + 1])];
      expect(own).toEqual([...own].sort((a, b) => a - b));
      for (let index = moves.bounds[worker] as number; index < (moves.bounds[worker + 1] as number); index++) {
        const columns = moves.kind[index] === 0 ? data.transfers : data.disk;
        const source = moves.source[index] as number;
        expect([columns.worker[source], columns.startMs[source]]).toEqual([worker, moves.startMs[index]]);
      }
    }
  });

  test("finds the first span that may reach past a moment", () => {
    const attempts = attemptRows(data.attempts, data.workers);
    fc.assert(
      fc.property(fc.double({ min: -100, max: 60_000, noNaN: true }), fc.nat(7), (atMs, row) => {
        const first = firstAt(attempts, row, atMs);
        for (let index = attempts.bounds[row] as number; index < first; index++) {
          expect(attempts.endMs[index]).toBeLessThanOrEqual(atMs);
        }
      }),
    );
  });

  test("keeps rows apart, and high enough to be seen", () => {
    const moves = moveRows(data.transfers, data.disk, data.workers);
    for (const height of [10, 460, 5_000]) {
      const { rows, height: whole } = layOut(data.workers, moves, height);
      rows.forEach((row, index) => {
        expect(row.height).toBeGreaterThanOrEqual(2);
        const next = rows[index + 1];
        expect(row.top + row.height).toBeLessThanOrEqual(next?.top ?? whole);
      });
    }
  });

  test("a search gives way to the page between chunks, and ends when it is stale", async () => {
    const many = {
      ...data.attempts,
      count: 20_000,
      name: new Uint32Array(20_000),
      key: Array.from({ length: 20_000 }, (_, row) => `k${row}`),
    };
    const startMs = new Float64Array(20_000);
    let asked = 0;
    let turns = 0;
    const other = (): void => {
      turns++;
      immediate = setImmediate(other);
    };
    let immediate = setImmediate(other);
    const found = await searchAttempts({ ...many, startMs }, data.names, "K1999", () => {
      asked++;
      return false;
    });
    clearImmediate(immediate);
    expect(asked).toBe(3);
    // Other work got its turn meanwhile.
    expect(turns).toBeGreaterThan(0);
    expect([...(found?.rows ?? [])]).toEqual([1_999, ...Array.from({ length: 10 }, (_, last) => 19_990 + last)]);
    expect(await searchAttempts({ ...many, startMs }, data.names, "k", () => true)).toBeUndefined();
  });
});

describe("the view", () => {
  test("never leaves what there is to see, whatever is done", () => {
    const deed = fc.record({
      deed: fc.constantFrom("zoom", "pan", "reveal"),
      at: fc.double({ min: -50, max: 150, noNaN: true }),
      by: fc.double({ min: 0.01, max: 9, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(deed), (deeds) => {
        const view = new StreamView();
        view.setRange(0, 100);
        for (const { deed, at, by } of deeds) {
          if (deed === "zoom") view.zoom(at, by);
          else if (deed === "pan") view.pan(at - 50);
          else view.reveal(at, at + by);
          expect(view.startMs).toBeGreaterThanOrEqual(0);
          expect(view.endMs).toBeLessThanOrEqual(100 + 1e-9);
          expect(view.spanMs).toBeGreaterThan(0);
        }
      }),
    );
  });

  test("zooms around the pointer", () => {
    const view = new StreamView();
    view.setRange(0, 100);
    view.zoom(40, 0.5);
    expect([view.startMs, view.endMs]).toEqual([20, 70]);
  });

  test("has round ticks, about as many as wanted", () => {
    expect(ticks(0, 4_100, 8)).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
    expect(ticks(120_000, 200_000, 4)).toEqual([120_000, 150_000, 180_000]);
  });
});

test("series are put on one grid, holding the last value", () => {
  const series = { atMs: Float64Array.of(10, 20, 30) };
  const grid = gridOf([series, { atMs: Float64Array.of(0, 40) }], 5);
  expect([...grid]).toEqual([0, 20, 40]);
  expect([...resample(series.atMs, Float64Array.of(1, 2, 3), grid)]).toEqual([1, 2, 3]);
  const middle = across(
    [Float64Array.of(1, NaN), Float64Array.of(3, NaN), Float64Array.of(2, NaN)],
    2,
    (sorted) => sorted[1] as number,
  );
  expect([...middle]).toEqual([2, NaN]);
});

test("each name has a colour of its own, for as long as it is known", () => {
  const colours = new NameColours();
  const given = Array.from({ length: 60 }, (_, index) => colours.of(`name ${index}`));
  expect(new Set(given).size).toBe(60);
  for (const colour of given) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
  expect(colours.of("name 7")).toBe(given[7]);
});

test.each([
  [0, "0"],
  [0.0123, "0.012 ms"],
  [0.4, "0.4 ms"],
  [9.999, "10 ms"],
  [340, "340 ms"],
  [999.6, "1 s"],
  [5_214, "5.21 s"],
  [99_960, "1 min 40 s"],
  [200_000, "3 min 20 s"],
  [7_500_000, "2 h 5 min"],
  [260_000_000, "3 d"],
  [Number.NaN, "–"],
])("%d ms is written %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
