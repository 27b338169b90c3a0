import { expect, test } from "vitest";
import { manyWorkers } from "../../bench/own-clusters/many-workers.ts";
import { million } from "../../bench/own-clusters/million.ts";
import { scaleUp } from "../../bench/own-clusters/scale-up.ts";
import { plainGraphs } from "../../bench/shapes/plain-graphs.ts";
import type { Bed } from "../../bench/shapes/shape.ts";
import { submissions } from "../../bench/shapes/submissions.ts";
import { tables } from "../../bench/shapes/tables.ts";
import { zero } from "../../bench/zero-workers/zero.ts";

/** They must not need one. */
const nowhere = undefined as unknown as Bed;

test.each([manyWorkers, million, scaleUp].map((shape) => [shape.name, shape] as const))(
  "%s gives its figures",
  async (_name, shape) => {
    const sample = await shape.measure(nowhere, shape.quickSize);
    expect(Object.keys(sample).sort()).toEqual(shape.figures.map(({ name }) => name).sort());
    for (const value of Object.values(sample)) expect(value).toBeGreaterThan(0);
  },
);

test("every shape that is not about what tasks do ends on zero-workers", async () => {
  await using contender = await zero.start();
  for (const shape of [...plainGraphs, ...submissions, ...tables]) {
    expect(contender.repetitions(shape)).toBeGreaterThan(0);
    expect(Object.keys(await contender.measure(shape, shape.quickSize))).toHaveLength(shape.figures.length);
  }
  expect(contender.repetitions(scaleUp)).toBe(0);
});
