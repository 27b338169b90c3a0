import { expect, test } from "vitest";
import { isOwnCode } from "../../protocol/own-module.ts";
import { Profiler } from "../../protocol/profiler.ts";
import type { ProfileFrame } from "../../protocol/record.ts";

/** Keeps the thread busy until the sampler must have seen it: by work done, whatever time that takes. */
function burnUntilSampled(profiler: Profiler): ProfileFrame[] {
  let frames: ProfileFrame[] = [];
  for (let rounds = 0; rounds < 1_000 && !frames.some(({ name }) => name === "burn"); rounds++) {
    burn();
    frames = profiler.collect();
  }
  return frames;
}

function burn(): number {
  let sum = 0;
  for (let step = 0; step < 5_000_000; step++) sum += Math.sqrt(step);
  return sum;
}

test("says in which function of which file the time went, and nothing once it is stopped", () => {
  const profiler = new Profiler(isOwnCode);
  expect(profiler.collect()).toEqual([]);
  profiler.start();
  profiler.start();
  try {
    const frames = burnUntilSampled(profiler);
    const burnt = frames.find(({ name }) => name === "burn");
    expect(burnt?.place).toMatch(/profiler\.test\.ts:\d+$/);
    expect(burnt?.selfMs).toBeGreaterThan(0);
    expect(frames.every(({ parent }, index) => parent < index)).toBe(true);
    expect(frames.filter(({ name }) => name.startsWith("(idle") || name === "(root)")).toEqual([]);
  } finally {
    profiler.stop();
  }
  expect(profiler.stop()).toEqual([]);
});
