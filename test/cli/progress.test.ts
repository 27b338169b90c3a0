import { describe, expect, test } from "vitest";
import { Progress } from "../../cli/progress.ts";
import { failed, mapped, retrying, skipped, success } from "../../flow/states.ts";

/** Goes to the start of the line and empties it. */
const clear = "\r\u001b[K";

function watch(isTTY: boolean, quiet = false): { progress: Progress; written: () => string; clock: { nowMs: number } } {
  const clock = { nowMs: 0 };
  let written = "";
  const write = (text: string): void => {
    written += text;
  };
  const output = { isTTY, columns: 40, write };
  return { progress: new Progress(output, quiet, () => clock.nowMs), written: () => written, clock };
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

describe("progress on a terminal", () => {
  test("draws one line that fits, over and over, and not too often", () => {
    const { progress, written, clock } = watch(true);
    progress.change({ task: "extract-with-a-rather-long-name", mapIndex: undefined, state: mapped(1_000) });
    const first = written();
    expect(first).toBe(`${clear}0ms  extract-with-a-rather-long-name 0/`);
    progress.change({ task: "extract-with-a-rather-long-name", mapIndex: 0, state: success() });
    expect(written()).toBe(first);
    clock.nowMs = 200;
    progress.change({ task: "extract-with-a-rather-long-name", mapIndex: 1, state: success() });
    expect(written().slice(first.length).startsWith(`${clear}200ms  extract`)).toBe(true);
    progress.end("etl", success("Done."));
    expect(written().endsWith(`${clear}etl: Success in 200ms (2 tasks): Done.\n`)).toBe(true);
  });
});
