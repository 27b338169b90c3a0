import { expect, test } from "vitest";
import { muster } from "../../bench/muster.ts";
import { limit } from "../../bench/peers/limit/limit.ts";
import { runShapes } from "../../bench/run-shapes.ts";
import { plainGraphs } from "../../bench/shapes/plain-graphs.ts";
import { ratioOf } from "../../bench/summary.ts";

/** Far below what is measured even beside other tests: it is only reached when a task has come to cost several times as much. */
const ratioLeast = 0.03;
const rounds = 5;

test("a task costs no more than so many times what the bare wire costs, in the same run", async () => {
  const merge = plainGraphs.find(({ name }) => name === "merge-10k");
  if (merge === undefined) throw new Error("there is no merge-10k");
  const { results } = await runShapes([{ ...merge, repetitions: rounds }], [muster, limit], {
    quick: false,
    onShape: () => undefined,
  });
  const [figure] = results[0]?.figures ?? [];
  const [own, bare] = [figure?.by["muster"], figure?.by["limit"]];
  if (figure === undefined || own === undefined || bare === undefined) throw new Error("a figure is missing");
  expect([own.all.length, bare.all.length]).toEqual([rounds, rounds]);
  expect(ratioOf(figure, own.best, bare.best)).toBeGreaterThan(ratioLeast);
});
