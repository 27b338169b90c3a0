import { expect, it } from "vitest";
import { MemoryPressure } from "../../../worker/core/memory-pressure.ts";

it("spills from 0.7 down to 0.6 of the limit", () => {
  const pressure = new MemoryPressure(1000);
  const spills = [600, 700, 701, 650, 601, 600, 650].map((bytes) => pressure.sample(bytes).spillBytes);
  expect(spills).toEqual([0, 0, 101, 50, 1, 0, 0]);
});

it("pauses above 0.8 of the limit, and goes on only once there is some room below", () => {
  const pressure = new MemoryPressure(1000);
  const paused = [800, 801, 799, 751, 750, 799].map((bytes) => pressure.sample(bytes).paused);
  expect(paused).toEqual([false, true, true, true, false, false]);
});
