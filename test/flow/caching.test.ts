import { beforeEach, expect, test } from "vitest";
import { task } from "../../client/task.ts";
import { flow, flowContext, parameter } from "../../flow/index.ts";
import { FarExecutor } from "./far-executor.ts";

let calls = 0;
const slow = task("slow", (x: number) => ++calls * 100 + x, { cacheForMs: 3_600_000 });
const other = task("other", (x: number) => ++calls * 100 + x, { cacheForMs: 3_600_000, cacheKey: "shared" });
const same = task("same", (x: number) => ++calls * 100 + x, { cacheForMs: 3_600_000, cacheKey: "shared" });
const byParameters = task("byParameters", (x: number) => ++calls * 100 + x, {
  cacheForMs: 3_600_000,
  cacheValidator: (entry, now) => entry.parameters["version"] === now.parameters["version"],
});
const failing = task(
  "failing",
  () => {
    calls += 1;
    throw new Error("not kept");
  },
  { cacheForMs: 3_600_000 },
);
const named = task("named", (month: number, { year }: { year: number }) => [flowContext().taskRunName, month, year], {
  taskRunName: "load {month}, {0}, {nothing}",
});

beforeEach(() => {
  calls = 0;
});
const run = (body: () => unknown, parameters = {}) =>
  flow("cached", body).run({ executor: new FarExecutor(), parameters });

test("a result is taken for calls with equal arguments, and shows as Cached", async () => {
  expect((await run(() => slow(1))).resultOf(slow)).toBe(101);
  const again = await run(() => slow(1));
  expect([again.resultOf(slow), again.taskState(slow).isCached(), again.isSuccessful()]).toEqual([101, true, true]);
  expect((await run(() => slow(2))).resultOf(slow)).toBe(202);
  expect((await run(() => slow.with({ cacheForMs: 0 })(1))).resultOf(slow)).toBe(301);
});

test("tasks of one cacheKey share results", async () => {
  await run(() => other(5));
  expect((await run(() => same(5))).resultOf(same)).toBe(105);
});

test("a validator decides", async () => {
  const body = (): unknown => [parameter("version", 1), byParameters(calls)];
  await run(body);
  expect((await run(body)).taskState(byParameters).isCached()).toBe(true);
  expect((await run(body, { version: 2 })).resultOf(byParameters)).toBe(201);
});

test("a failure is not kept", async () => {
  await run(() => failing());
  await run(() => failing());
  expect(calls).toBe(2);
});

test("a task run is named by its arguments", async () => {
  expect((await run(() => named(7, { year: 2024 }))).resultOf(named)).toEqual(["load 7, 7, {nothing}", 7, 2024]);
});
