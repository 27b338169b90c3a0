import { afterEach, expect, test, vi } from "vitest";
import type { Contender } from "../../bench/contender.ts";
import { runShape } from "../../bench/run-shapes.ts";
import { mergeOf } from "../../bench/shapes/plain-graphs.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("each warms up and takes its turns, and only who takes long is not repeated", async () => {
  let nowMs = 0;
  vi.spyOn(performance, "now").mockImplementation(() => nowMs);
  const shape = { ...mergeOf("25k", 25_000), repetitions: 3 };
  const turns: string[] = [];
  const contender = (name: string, taskMs: number): Contender => ({
    name,
    versions: {},
    repetitions: ({ repetitions }) => repetitions,
    async measure(_shape, size) {
      nowMs += size * taskMs;
      turns.push(`${name} ${size}`);
      return { "tasks/s": 1_000 / taskMs };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const { figures } = await runShape(shape, [contender("fast", 0.01), contender("slow", 1)], false);
  expect(turns.slice(-4)).toEqual(["fast 25000", "slow 25000", "fast 25000", "fast 25000"]);
  expect(figures[0]?.by).toMatchObject({ fast: { all: [1e5, 1e5, 1e5] }, slow: { all: [1_000] } });
});
