// npm run test:sim -- [--seeds N] [--from S] [--seed N] [--minutes M] [--workers N] [--tasks N] [--check-every N]
//   [--faults a,b] [--deeds a,b] [--traits a,b] [--edition 2] and, with --seed, [--shrink] [--transcript] [--story KEY]
import { parseArgs } from "node:util";
import { SimCluster, SimViolation, type ViolationKind } from "../../testing/index.ts";
import { commandFor, readDeeds, readEdition, readFaults, readTraits, type Scenario } from "./scenario.ts";
import { shrink } from "./shrink.ts";

/** The exit code says what kind of fault was found first. */
const exitCodes: Readonly<Record<ViolationKind, number>> = { crash: 10, liveness: 11, correctness: 12 };

const { values } = parseArgs({
  options: {
    /** How many seeds, one after the other. */
    seeds: { type: "string" },
    /** The first of them. Default: drawn from the clock. */
    from: { type: "string" },
    /** One seed alone. */
    seed: { type: "string" },
    /** As many seeds as fit into this time. */
    minutes: { type: "string" },
    workers: { type: "string", default: "8" },
    tasks: { type: "string", default: "300" },
    /** Invariants are checked after every so many events: 1 finds the very event, more is faster. Default 20, with --seed 1. */
    "check-every": { type: "string" },
    /** 1 or 2: what a seed meant before the simulation drew what the next edition draws. */
    edition: { type: "string", default: "3" },
    /** What may go wrong, what clients do and what tasks are like: "all" that the seed switches on, "none", or these kinds. */
    faults: { type: "string", default: "all" },
    deeds: { type: "string", default: "all" },
    traits: { type: "string", default: "all" },
    /** With --seed: prints the smallest scenario found that fails as this seed does. */
    shrink: { type: "boolean", default: false },
    /** Goes on after a violation, and counts them. */
    "keep-going": { type: "boolean", default: false },
    /** With --seed: prints all that happened. */
    transcript: { type: "boolean", default: false },
    /** With --seed: prints what happened to this key. */
    story: { type: "string" },
  },
});

const single = values.seed !== undefined;
const first = Number(values.seed ?? values.from ?? Date.now() % 2 ** 31);
const count = single ? 1 : values.minutes === undefined ? Number(values.seeds ?? 500) : Number.POSITIVE_INFINITY;
const endMs =
  performance.now() + (values.minutes === undefined ? Number.POSITIVE_INFINITY : Number(values.minutes) * 60_000);
const options: Omit<Scenario, "seed"> = {
  workers: Number(values.workers),
  tasks: Number(values.tasks),
  edition: readEdition(values.edition),
  faults: readFaults(values.faults),
  deeds: readDeeds(values.deeds),
  traits: readTraits(values.traits),
  checkEvery: Number(values["check-every"] ?? (single ? 1 : 20)),
};

console.log(single ? `SEED=${first}` : `SEED=${first} and on; replay one with: npm run test:sim -- --seed N`);
const startMs = performance.now();
const found: SimViolation[] = [];
let runs = 0;
let steps = 0;
const seen: Record<string, number> = {};
for (let seed = first; runs < count && performance.now() < endMs; seed++, runs++) {
  const sim = new SimCluster({ seed, ...options });
  try {
    const outcome = sim.run();
    steps += outcome.steps;
    for (const [what, times] of Object.entries(outcome.seen)) seen[what] = (seen[what] ?? 0) + times;
    if (single) console.log(JSON.stringify(outcome));
  } catch (error) {
    if (!(error instanceof SimViolation)) throw error;
    found.push(error);
    console.error(values["keep-going"] ? error.message.split("\n", 1)[0] : error.message);
    if (!values["keep-going"] && !single) break;
  }
  if (single && values.transcript) console.log(sim.transcript());
  if (single && values.story !== undefined) console.log(sim.story(values.story));
}
const seconds = (performance.now() - startMs) / 1_000;
console.log(
  `${runs} seeds, ${steps} steps in ${seconds.toFixed(1)} s (${(runs / seconds).toFixed(1)} seeds/s), ${found.length} violations`,
);
for (const [what, times] of Object.entries(seen).sort()) console.log(`${times.toString().padStart(9)} ${what}`);
if (single && values.shrink && found[0] !== undefined)
  console.log(`smallest: ${commandFor(shrink({ seed: first, ...options, checkEvery: 20 }))}`);
if (found[0] !== undefined) process.exitCode = exitCodes[found[0].kind];
