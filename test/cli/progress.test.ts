import { describe, expect, test } from "vitest";
import { Progress } from "../../cli/progress.ts";
import { failed, mapped, retrying, skipped, submitted, success } from "../../flow/states.ts";

/** Goes up so many lines and empties the screen from there on. */
const up = (lines: number): string => `\u001b[${lines}A\r\u001b[J`;

interface Watched {
  readonly progress: Progress;
  /** All that was written, or what was since it was last asked for. */
  readonly written: () => string;
  readonly news: () => string;
  readonly clock: { nowMs: number };
  readonly size: { columns: number; rows: number };
}

function watch(isTTY: boolean, quiet = false, colors = false): Watched {
  const clock = { nowMs: 0 };
  const size = { columns: 70, rows: 24 };
  let told = 0;
  let written = "";
  const write = (text: string): void => {
    written += text;
  };
  const output = { isTTY, colors, write, columns: () => size.columns, rows: () => size.rows };
  const progress = new Progress(output, quiet, () => clock.nowMs);
  const news = (): string => {
    const text = written.slice(told);
    told = written.length;
    return text;
  };
  return { progress, written: () => written, news, clock, size };
}

describe("progress without a terminal", () => {
  test("gives each task a line when all of it is done", () => {
    const { progress, written, clock } = watch(false);
    progress.change({ task: "months", mapIndex: undefined, state: success() });
    progress.change({ task: "extract", mapIndex: undefined, state: mapped(2) });
    progress.change({ task: "extract", mapIndex: 1, state: success() });
    expect(written()).toBe("months: 1/1 (0ms)\n");
    clock.nowMs = 1_500;
    progress.change({ task: "extract", mapIndex: 0, state: success() });
    progress.end("etl", success("All reference tasks succeeded."));
    expect(written()).toBe(
      "months: 1/1 (0ms)\nextract: 2/2 (1.5s)\netl: Success in 1.5s (3 tasks): All reference tasks succeeded.\n",
    );
  });

  test("tells failures and retries at once, and what only follows from them in the sums", () => {
    const { progress, written } = watch(false);
    progress.change({ task: "a", mapIndex: undefined, state: mapped(2) });
    progress.change({ task: "a", mapIndex: 0, state: retrying("in 10ms", { delayMs: 10, runCount: 1 }) });
    progress.change({ task: "a", mapIndex: 0, state: failed("TypeError: no") });
    progress.change({ task: "a", mapIndex: 1, state: skipped() });
    progress.change({
      task: "b",
      mapIndex: undefined,
      state: { type: "TriggerFailed", message: "Some upstream tasks failed." },
    });
    progress.end("etl", failed("Some reference tasks failed."));
    expect(written().split("\n")).toEqual([
      "a[0]: will run again: in 10ms",
      "a[0]: Failed: TypeError: no",
      "a: 2/2, 1 failed (0ms)",
      "b: 1/1, 1 failed (0ms)",
      "etl: Failed in 0ms (3 tasks, 2 failed, 1 skipped): Some reference tasks failed.",
      "",
    ]);
  });
});

describe("quiet progress", () => {
  test("tells failures, where they happened, and how a run that failed ended", () => {
    const error = {
      code: "TASK_FAILED",
      message: "no",
      retryable: false,
      stack: "TypeError: no\n    at a (/flows/etl.ts:5:3)",
    } as const;
    const { progress, written } = watch(false, true);
    progress.change({ task: "a", state: mapped(12) });
    for (let mapIndex = 0; mapIndex < 12; mapIndex += 1) {
      progress.change({ task: "a", mapIndex, state: failed("TypeError: no", mapIndex === 0 ? error : undefined) });
    }
    progress.end("etl", failed("Some reference tasks failed."));
    const lines = written().split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "a[0]: Failed: TypeError: no",
      "    at a (/flows/etl.ts:5:3)",
      "a[1]: Failed: TypeError: no",
    ]);
    expect(lines).toHaveLength(13);
    expect(lines[11]).toBe("etl: Failed in 0ms (12 tasks, 12 failed): Some reference tasks failed.");
  });

  test("says nothing of a run that went well", () => {
    const { progress, written } = watch(false, true);
    progress.change({ task: "a", state: success() });
    progress.end("etl", success());
    expect(written()).toBe("");
  });
});

describe("the end of a run", () => {
  test("shows which tasks took longest, by name, with the very run that did, and the report's path", () => {
    const { progress, news } = watch(false);
    progress.change({ task: "work", state: mapped(3) });
    for (const [mapIndex, ranMs] of [100, 2_000, 300].entries()) {
      progress.change({ task: "work", mapIndex, state: success(), ranMs });
    }
    progress.change({ task: "sum", state: success(), ranMs: 250 });
    progress.change({ task: "quick", state: success(), ranMs: 3 });
    news();
    progress.end("etl", success("Done."), "report.html");
    expect(news().split("\n")).toEqual([
      "slowest  runs  longest       mean   sum",
      "work     3     2s (work[1])  800ms  2.4s",
      "sum      1     250ms (sum)   250ms  250ms",
      "report: report.html",
      "etl: Success in 0ms (5 tasks): Done.",
      "",
    ]);
  });
});

describe("progress on a terminal", () => {
  test("draws a line for each task name over and over, and not too often", () => {
    const { progress, news, clock } = watch(true);
    progress.change({ task: "extract", state: mapped(1_000) });
    expect(news()).toBe("0ms  0/1000 tasks\nextract     0/1000\n");
    for (let mapIndex = 0; mapIndex < 4; mapIndex += 1)
      progress.change({ task: "extract", mapIndex, state: submitted() });
    progress.change({ task: "extract", mapIndex: 0, state: success() });
    progress.tick();
    expect(news()).toBe("");
    clock.nowMs = 100;
    progress.tick();
    expect(news()).toBe(`${up(2)}100ms  1/1000 tasks\nextract     1/1000  3 under way\n`);
    progress.tick();
    expect(news()).toBe("");
    clock.nowMs = 2_000;
    progress.change({ task: "extract", mapIndex: 1, state: failed("no") });
    expect(news()).toBe(
      `${up(2)}extract[1]: Failed: no\n2s  2/1000 tasks  1 failed\nextract     2/1000  2 under way  1 failed  1/s  16m 38s left\n`,
    );
    progress.end("etl", success("Done."));
    expect(news()).toBe(`${up(2)}etl: Success in 2s (2 tasks, 1 failed): Done.\n`);
  });

  test("never draws more than ten times a second, however many tasks end", () => {
    const { progress, written, clock } = watch(true);
    progress.change({ task: "a", state: mapped(10_000) });
    for (let mapIndex = 0; mapIndex < 10_000; mapIndex += 1) {
      clock.nowMs = mapIndex / 5;
      progress.change({ task: "a", mapIndex, state: success() });
    }
    const drawings = written().split("\u001b[J").length;
    expect(drawings).toBeGreaterThan(10);
    expect(drawings).toBeLessThanOrEqual(21);
  });

  test("in a narrow and low terminal the lines are cut, and those of the busiest stay", () => {
    const { progress, news, clock, size } = watch(true);
    size.columns = 20;
    size.rows = 6;
    for (let name = 0; name < 9; name += 1) {
      const task = `a-rather-long-name-${name}`;
      for (let mapIndex = 0; mapIndex <= name; mapIndex += 1) progress.change({ task, mapIndex, state: submitted() });
    }
    news();
    clock.nowMs = 1_000;
    progress.tick();
    const lines = news().split("\u001b[J")[1]?.trimEnd().split("\n") ?? [];
    expect(lines).toEqual([
      "1s  0/45 tasks",
      "a-rather-long-name…",
      "a-rather-long-name…",
      "a-rather-long-name…",
      "+ 6 more",
    ]);
    // Narrower still: what was drawn takes more lines now, and all of them are drawn over.
    size.columns = 10;
    clock.nowMs = 2_000;
    progress.tick();
    expect(news().startsWith(up(2 + 2 + 2 + 2 + 1))).toBe(true);
  });

  test("makes place for what others write, and stays away until their line has ended", () => {
    const { progress, news, clock } = watch(true);
    progress.change({ task: "a", state: submitted() });
    news();
    clock.nowMs = 1_000;
    progress.hide();
    expect(news()).toBe(up(2));
    progress.tick();
    expect(news()).toBe("");
    progress.show();
    progress.tick();
    expect(news()).toBe("1s  0/1 tasks\na  0/1  1 under way\n");
  });

  test("what failed is red, unless there are to be no colours", () => {
    for (const colors of [true, false]) {
      const { progress, news, clock } = watch(true, false, colors);
      progress.change({ task: "a", state: mapped(2) });
      progress.change({ task: "a", mapIndex: 0, state: failed("no") });
      news();
      clock.nowMs = 1_000;
      progress.tick();
      expect(news().includes("\u001b[31m")).toBe(colors);
    }
  });

  test("the names and messages of tasks cannot move the cursor", () => {
    const { progress, written, clock } = watch(true);
    progress.change({ task: "a\u001b[2J", state: submitted() });
    progress.change({ task: "a\u001b[2J", state: failed("\u009b2J\rno") });
    clock.nowMs = 1_000;
    progress.tick();
    expect(written()).toContain("a\\u001b[2J: Failed: \\u009b2J\\u000dno\n");
    expect(written()).not.toContain("\u001b[2J");
  });
});
