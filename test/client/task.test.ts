import { afterEach, expect, expectTypeOf, test } from "vitest";
import type { Reference } from "../../client/placeholder.ts";
import { type AnyTask, definitionOf, entryOf, isTask, setBuilder, task, throughEntry } from "../../client/task.ts";
import { registerEntry } from "../../protocol/task-registry.ts";

const add = task("add", (x: number, y: number) => x + y);

afterEach(() => {
  setBuilder(undefined);
});

test("a task is named, runs, and knows where it was defined", () => {
  expect(add.name).toBe("add");
  expect(add.run(1, 2)).toBe(3);
  expect(add(1, 2)).toBe(3);
  expect(isTask(add)).toBe(true);
  expect(isTask(add.run)).toBe(false);
  expect(definitionOf(add).file).toBe(import.meta.filename);
  expect(definitionOf(add).line).toBeGreaterThan(0);
});

test("with() keeps the identity and merges the options", () => {
  const patient = add.with({ retries: 2 }).with({ timeoutMs: 5 });
  expect(patient.options).toEqual({ retries: 2, timeoutMs: 5 });
  expect(add.options).toEqual({});
  expect(definitionOf(patient)).toBe(definitionOf(add));
  expect(patient.run(1, 1)).toBe(2);
});

test("all bad options are named in one error", () => {
  expect(() => task("bad", () => 1, { retries: -1, colour: "red", trigger: 3 } as never)).toThrow(
    expect.objectContaining({
      code: "BAD_OPTION",
      message: expect.stringMatching(
        /task "bad".*retries should be.*-1.*colour is unknown.*trigger should be a function/,
      ),
    }),
  );
  expect(() => task("half", () => 1, { maxRetries: 2 })).toThrow(/maxRetries and retryDelayMs go together/);
  expect(() => task("half", () => 1, { retryDelayMs: 2 })).toThrow(/maxRetries and retryDelayMs go together/);
  expect(() => task("", () => 1)).toThrow(/needs a name/);
  expect(() => task("t".repeat(513), () => 1)).toThrow(/needs a name: a string of 1 to 512 characters/);
  expect(() => task("nothing", undefined as never)).toThrow(/"nothing".*needs a function/);
});

test("while a flow is built, calls and maps go to its builder", () => {
  expect(() => add.map([1], [2])).toThrow(expect.objectContaining({ code: "BAD_FLOW" }));
  const seen: unknown[] = [];
  const former = setBuilder({
    call: (of, args) => seen.push(["call", of, args]),
    map: (of, args) => seen.push(["map", of, args]),
  });
  expect(former).toBeUndefined();
  add(1, 2);
  add.map([1], [2]);
  expect(add.run(1, 2)).toBe(3);
  expect(seen).toEqual([
    ["call", add, [1, 2]],
    ["map", add, [[1], [2]]],
  ]);
});

test("a task through an entry runs that entry, wherever it runs", () => {
  registerEntry(
    "test-doubling",
    (definition) =>
      (...args) =>
        2 * Number(definition.fn(...args)),
  );
  const doubled = throughEntry(add.with({ retries: 1 }), "test-doubling");
  expect(doubled(1, 2)).toBe(6);
  expect(entryOf(doubled)).toBe("test-doubling");
  expect(entryOf(add)).toBe("call");
  expect(doubled.options).toEqual({ retries: 1 });
  expect(() => throughEntry(add, "nobody's").run(1, 2)).toThrow(/"nobody's", which nobody registered/);
});

test("references are typed through calls and maps", () => {
  const months = task("months", (n: number) => [n]);
  const row = task("row", async (month: number) => ({ month }));
  const total = task("total", (rows: { month: number }[]) => rows.length);
  const build = (n: Reference<number>): Reference<number> => {
    const rows = row.map(months(n));
    expectTypeOf(rows).toEqualTypeOf<Reference<{ month: number }[]>>();
    // @ts-expect-error a number is not a list of rows
    total(n);
    // @ts-expect-error a string is no month
    row("May");
    return total([{ month: n }, row(1)]);
  };
  expectTypeOf(build).returns.toEqualTypeOf<Reference<number>>();
  expectTypeOf([add, row]).toExtend<AnyTask[]>();
});
