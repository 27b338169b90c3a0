import type { Random } from "../../testing/random.ts";
import { compute, failureOf, type Value, type Work } from "./fixtures/steps.ts";

export interface PlannedStep {
  readonly work: Work;
  /** Indices of earlier steps. */
  readonly inputs: readonly number[];
  /** Absent: the client makes one up. */
  readonly key: string | undefined;
}

/** A task graph drawn at random, with what a sequential run of it gives. */
export interface Plan {
  readonly name: string;
  readonly steps: readonly PlannedStep[];
  readonly expected: readonly Expected[];
}

export type Expected =
  | { readonly kind: "value"; readonly hash: number; readonly bytes: number }
  /** It fails, with one of these messages: its own, or that of one it depends on. */
  | { readonly kind: "failure"; readonly messages: ReadonlySet<string> };

export function planGraph(random: Random, name: string): Plan {
  const count = 5 + random.below(80);
  const keyed = random.chance(0.5);
  // Some graphs are wide, others deep.
  const reach = random.chance(0.5) ? count : 1 + random.below(6);
  const steps = Array.from({ length: count }, (_, index): PlannedStep => {
    const inputs = new Set<number>();
    const wanted = random.below(4);
    for (let i = 0; i < wanted && index > 0; i++) inputs.add(index - 1 - random.below(Math.min(index, reach)));
    return { work: drawWork(random), inputs: [...inputs], key: keyed ? `${name}-${index}` : undefined };
  });
  return { name, steps, expected: sequentially(steps) };
}

function drawWork(random: Random): Work {
  return {
    salt: random.uint32(),
    waitMs: random.chance(0.3) ? random.below(60) : 0,
    spinMs: random.chance(0.2) ? random.below(20) : 0,
    // Now and then a value that takes many shards to move.
    payloadBytes: random.chance(0.02) ? random.below(4_000_000) : random.below(2_000),
    fails: random.chance(0.005),
    failsFirst: random.chance(0.03),
  };
}

function sequentially(steps: readonly PlannedStep[]): Expected[] {
  const values: (Value | ReadonlySet<string>)[] = [];
  for (const { work, inputs } of steps) {
    const given = inputs.map((index) => values[index] as Value | ReadonlySet<string>);
    const failures = given.filter((one) => one instanceof Set).flatMap((one) => [...(one as ReadonlySet<string>)]);
    if (failures.length > 0) values.push(new Set(failures));
    else if (work.fails) values.push(new Set([failureOf(work.salt)]));
    else values.push(compute(work, given as Value[]));
  }
  return values.map((one) =>
    "hash" in one
      ? { kind: "value", hash: one.hash, bytes: one.payload.length }
      : { kind: "failure", messages: one as ReadonlySet<string> },
  );
}
