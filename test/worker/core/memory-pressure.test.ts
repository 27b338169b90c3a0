import { expect, it } from "vitest";
import { MemoryPressure, patienceSamples } from "../../../worker/core/memory-pressure.ts";

it("spills from 0.7 down to 0.6 of the limit", () => {
  const pressure = new MemoryPressure(1000);
  const spills = [600, 700, 701, 650, 601, 600, 650].map((bytes) => pressure.sample(bytes, true).spillBytes);
  expect(spills).toEqual([0, 0, 101, 50, 1, 0, 0]);
});

it("pauses above 0.8 of the limit, and goes on only once there is some room below", () => {
  const pressure = new MemoryPressure(1000);
  const paused = [800, 801, 799, 751, 750, 799].map((bytes) => pressure.sample(bytes, true).paused);
  expect(paused).toEqual([false, true, true, true, false, false]);
});

it("does not wait for ever where nothing runs that could make it smaller", () => {
  const pressure = new MemoryPressure(1000);
  const sample = (bytes: number, busy: boolean): boolean => pressure.sample(bytes, busy).paused;
  const waits = Array.from({ length: patienceSamples }, () => sample(850, false));
  expect(waits).toEqual([...waits.slice(1).map(() => true), false]);
  // It pauses again when it grows by half of what was left, and as before once it has been small.
  expect([sample(900, true), sample(901, true), sample(850, true)]).toEqual([false, true, true]);
  expect([sample(750, true), sample(801, true)]).toEqual([false, true]);
});

it("never pauses where the process alone is above what it may use", () => {
  const pressure = new MemoryPressure(1000);
  for (let i = 0; i < patienceSamples; i++) pressure.sample(2000, false);
  expect([pressure.sample(2000, false).paused, pressure.sample(3000, true).paused]).toEqual([false, false]);
});
