import { expect, test } from "vitest";
import { SimCluster } from "../../testing/index.ts";
import { regressions } from "./regressions.ts";

/** How many fixed seeds every run of the tests tries: 500 take about half a minute on an idle machine. */
const seeds = 500;
/** A test for each so many, so that progress shows and a violation ends only its own part. */
const seedsPerTest = 50;
/** Invariants are looked at after every so many events; a seed that fails is replayed with 1. */
const checkEvery = 25;

test.each(Array.from({ length: seeds / seedsPerTest }, (_, part) => 1 + part * seedsPerTest))(
  "50 seeds from %i: whatever fails, every future ends right and nothing is left",
  (first) => {
    for (let seed = first; seed < first + seedsPerTest; seed++) {
      const outcome = new SimCluster({ seed, workers: 8, tasks: 300, faults: "all", checkEvery }).run();
      expect(outcome.futures["pending"]).toBeUndefined();
    }
  },
  180_000,
);

test.each(regressions)("seed $seed: $found", ({ seed }) => {
  const outcome = new SimCluster({ seed, workers: 8, tasks: 300, faults: "all" }).run();
  expect(outcome.seed).toBe(seed);
});

test("a seed decides everything", () => {
  const play = () => {
    const sim = new SimCluster({ seed: 77, checkEvery: 100 });
    return { ...sim.run(), transcript: sim.transcript() };
  };
  expect(play()).toEqual(play());
});

test("without faults every future that nobody cancels is finished", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const sim = new SimCluster({ seed, faults: "none", deeds: "none", traits: "none", checkEvery: 25 });
    const { futures } = sim.run();
    expect(Object.keys(futures)).toEqual(["finished"]);
  }
});
