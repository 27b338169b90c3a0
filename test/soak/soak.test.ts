import { expect, test } from "vitest";
import { watchLeaks } from "../e2e/leaks.ts";
import { relativeGrowth } from "./growth.ts";
import { runSoak } from "./run-soak.ts";

watchLeaks();

test("flow runs on one cluster leave nothing on it", { timeout: 180_000 }, async () => {
  const series = await runSoak(10, () => undefined);
  expect([...series.keys()].toSorted()).toEqual(["scheduler heap", "worker-0 resident", "worker-1 resident"]);
  for (const values of series.values()) expect(values).toHaveLength(10);
});

test("growth is told from noise", () => {
  expect(relativeGrowth([100, 110, 120])).toBeCloseTo(20 / 110);
  expect(relativeGrowth([5, 5, 5, 5])).toBe(0);
  expect(Math.abs(relativeGrowth([10, 11, 10, 11, 10, 11, 10]))).toBeLessThan(0.02);
});
