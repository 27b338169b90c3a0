import { expect, test } from "vitest";
import { SimCluster } from "../../testing/index.ts";
import { regressions } from "./regressions.ts";

/** How many fixed seeds every run of the tests tries: 500 take about half a minute of a processor. */
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

test.each(regressions)("seed $seed: $found", ({ seed, edition, workers = 8, tasks = 300 }) => {
  const outcome = new SimCluster({ seed, edition, workers, tasks, faults: "all" }).run();
  expect(outcome.seed).toBe(seed);
});

/** Without these a run of the simulation proves nothing about them. */
const rarities = [
  "clients taken back",
  "clients that came back too late",
  "workers taken back",
  "workers that came back too late",
  "results spilled",
  "results read back",
  "results that could not be read back",
  "times that memory was short",
  "tasks that submitted tasks",
  "slots lent",
  "slots taken back",
  "tasks given up for want of workers",
  "brief tasks handed to slots that were taken",
  "brief tasks taken back",
  "brief tasks begun elsewhere",
  "tasks sent to where their input was being made",
];

test("what is rare does happen", () => {
  const missing = new Set(rarities);
  for (let seed = 1; seed <= 200 && missing.size > 0; seed++) {
    const { seen } = new SimCluster({ seed, checkEvery: 100 }).run();
    for (const what of Object.keys(seen)) missing.delete(what);
  }
  expect([...missing]).toEqual([]);
}, 180_000);

test("nothing is computed twice because workers and clients were cut off and came back in time", () => {
  let takenBack = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const faults = ["disconnect", "client-disconnect"] as const;
    const sim = new SimCluster({ seed, faults, deeds: "none", traits: "none", checkEvery: 100 });
    if (Math.min(sim.swarm.graceMs, sim.swarm.workerReconnectMs) < 30_000) continue;
    const { seen } = sim.run();
    expect(seen["tasks begun again"]).toBeUndefined();
    takenBack += seen["workers taken back"] ?? 0;
  }
  expect(takenBack).toBeGreaterThan(20);
}, 60_000);

test.each([1, 2, 8])(
  "tasks that submit tasks never wait for one another's slots, on %i workers",
  (workers) => {
    let lent = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const { futures, seen } = new SimCluster({
        seed,
        workers,
        tasks: 60,
        faults: "none",
        deeds: "none",
        traits: ["nested", "bulky"],
        checkEvery: 25,
      }).run();
      expect(Object.keys(futures)).toEqual(["finished"]);
      lent += seen["slots lent"] ?? 0;
    }
    expect(lent).toBeGreaterThan(20);
  },
  60_000,
);

test("brief tasks that are taken back from behind one that takes long run elsewhere, too", () => {
  let elsewhere = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const { seen } = new SimCluster({ seed, faults: "none", deeds: "none", traits: ["brief"], checkEvery: 25 }).run();
    elsewhere += seen["brief tasks begun elsewhere"] ?? 0;
  }
  expect(elsewhere).toBeGreaterThan(5);
}, 60_000);

test("an earlier edition draws no brief tasks", () => {
  const { swarm } = new SimCluster({ seed: 1, edition: 2, traits: ["brief"] });
  expect([...swarm.traits]).toEqual([]);
  expect(swarm.canTakeBack).toBe(false);
});

test("a choice of fewer kinds leaves the others as the seed drew them", () => {
  const { swarm: all } = new SimCluster({ seed: 4 });
  const [kind] = all.faults;
  const { swarm: one } = new SimCluster({ seed: 4, faults: kind === undefined ? [] : [kind] });
  expect(all.faults.size).toBeGreaterThan(1);
  expect({ ...one, faults: all.faults, network: all.network }).toEqual(all);
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
