import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { judge } from "../../bench/marks.ts";
import { writeOutputs } from "../../bench/outputs.ts";
import { htmlPage } from "../../bench/report/html-page.ts";
import { resultsPage } from "../../bench/report/results-page.ts";
import { showNumber } from "../../bench/report/rows.ts";
import { textTable } from "../../bench/report/text-table.ts";
import type { ShapeResult } from "../../bench/run-shapes.ts";
import type { Session } from "../../bench/session.ts";
import type { Figure } from "../../bench/shapes/shape.ts";
import { ratioOf, type Summary, summarize } from "../../bench/summary.ts";

const rate: Figure = { name: "tasks/s", better: "higher" };
const time: Figure = { name: "µs/link", better: "lower" };
const once = (best: number): Summary => ({ best, median: best, all: [best] });

const results: readonly ShapeResult[] = [
  {
    shape: "merge-100k",
    summary: "100,000 × inc(i), one sum over all",
    size: 100_000,
    figures: [
      {
        ...rate,
        by: {
          muster: { best: 60_000, median: 50_000, all: [40_000, 50_000, 60_000] },
          dask: once(500),
          limit: once(200_000),
        },
      },
    ],
  },
  {
    shape: "chain-2k",
    summary: "<links>",
    size: 2_000,
    figures: [{ ...time, by: { muster: once(100), dask: once(5_000) } }],
  },
  {
    shape: "fair",
    summary: "alone",
    size: 1,
    figures: [{ name: "second run ms", better: "lower", by: { muster: once(1) } }],
  },
];

const session: Session = {
  environment: {
    cpu: "Some <CPU>",
    cores: 2,
    memoryBytes: 4 * 2 ** 30,
    platform: "linux x64",
    versions: { node: "26.0.0", dask: "2026.1.0" },
    commit: "abc123",
    startedAt: "2026-01-01T00:00:00.000Z",
  },
  quick: false,
  micro: [{ name: "encode", per: "value", medianNs: 250, p99Ns: 1_000 }],
  results,
};

describe("summaries", () => {
  test("the best is the highest or the lowest, and the median of an even number lies between", () => {
    const samples = [3, 1, 2, 10].map((value) => ({ "tasks/s": value, "µs/link": value }));
    expect(summarize(rate, samples)).toEqual({ best: 10, median: 2.5, all: [3, 1, 2, 10] });
    expect(summarize(time, samples)).toMatchObject({ best: 1, median: 2.5 });
    expect(summarize(time, samples.slice(0, 3))).toMatchObject({ best: 1, median: 2 });
  });

  test("a sample without the figure, and no sample at all, are errors", () => {
    expect(() => summarize(rate, [{ other: 1 }])).toThrow('a sample has no "tasks/s"');
    expect(() => summarize(rate, [])).toThrow('there is no sample of "tasks/s"');
  });

  test("a ratio above 1 means better, whatever is measured", () => {
    expect([ratioOf(rate, 20, 10), ratioOf(time, 10, 20)]).toEqual([2, 2]);
  });
});

describe("marks", () => {
  const median = (name: string): number | undefined => ({ muster: 60, dask: 2 })[name];

  test("are about a ratio or about the figure itself", () => {
    expect(judge({ shape: "s", figure: "f", against: "dask", least: 30 }, rate, median)).toMatchObject({
      value: 30,
      reached: true,
    });
    expect(judge({ shape: "s", figure: "f", against: "dask", least: 31 }, rate, median)).toMatchObject({
      reached: false,
    });
    expect(judge({ shape: "s", figure: "f", most: 59 }, rate, median)).toMatchObject({ value: 60, reached: false });
  });

  test("are not judged without a figure of both", () => {
    const verdict = judge({ shape: "s", figure: "f", against: "limit", least: 1 }, rate, median);
    expect(verdict).toMatchObject({ value: undefined, reached: undefined });
  });
});

describe("what is shown", () => {
  test("a table has a peer's figure and the ratio to it, and marks", () => {
    expect(textTable(results, false)).toEqual([
      "shape       figure           best  median  dask, median  ratio of medians  limit, median  ratio of medians  mark",
      "merge-100k  tasks/s        60,000  50,000           500             100 ×        200,000           0.250 ×  ≥ 100 × dask: reached; ≥ 0.35 × limit: missed",
      "chain-2k    µs/link           100     100         5,000            50.0 ×                                   ≥ 20 × dask: reached",
      "fair        second run ms    1.00    1.00",
    ]);
  });

  test("with quick sizes nothing is judged", () => {
    expect(textTable(results, true).join("\n")).not.toContain("reached");
  });

  test("three digits count", () => {
    expect([0.0123, 0.5, 1.234, 12.34, 123.4, 12_345].map(showNumber)).toEqual([
      "0.012",
      "0.500",
      "1.23",
      "12.3",
      "123",
      "12,345",
    ]);
  });

  test("the page escapes what it shows, loads nothing, and has a bar for everything measured", () => {
    const page = htmlPage(session);
    expect(page).toContain("Some &#60;CPU&#62;");
    expect(page).not.toMatch(/<links>|<script|https?:|src=|NaN|undefined/);
    expect(page).toContain('aria-label="merge-100k, tasks/s: 100 ×"');
    expect(page).toContain('class="verdict missed">mark ≥ 0.35 × limit: missed with 0.250<');
    expect(page.match(/class="repetition"/g)).toHaveLength(3 + 1 + 1 + 1 + 1 + 1);
  });

  test("a page of nothing but parts is a page", () => {
    expect(htmlPage({ ...session, results: [] })).toContain("250 ns/value");
  });

  test("RESULTS.md names machine, versions and commit", () => {
    const page = resultsPage(session);
    expect(page).toContain("| machine | Some <CPU>, 2 cores, 4.0 GiB, linux x64 |");
    expect(page).toContain("| commit | abc123 |");
    expect(page).toContain(
      "| merge-100k | tasks/s | 60,000 | 50,000 | 500 | 100 × | 200,000 | 0.250 × | ≥ 100 × dask: reached; ≥ 0.35 × limit: missed |",
    );
    expect(page).toContain("| encode | value | 250 | 1,000 |");
  });

  test("what people wrote below the tables of RESULTS.md stays when it is written anew", async () => {
    const folder = await mkdtemp(join(tmpdir(), "muster-results-"));
    try {
      const path = join(folder, "RESULTS.md");
      await writeFile(path, "# Results\n\nold tables\n\n## Remarks\n\nWhy it is so.\n");
      writeOutputs(session, join(folder, "out"), folder);
      const page = await readFile(path, "utf8");
      expect(page).toBe(`${resultsPage(session)}\n## Remarks\n\nWhy it is so.\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
