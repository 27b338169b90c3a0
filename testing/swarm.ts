import type { NetworkOptions } from "./network.ts";
import type { Random } from "./random.ts";

/** What may go wrong. */
export const faultKinds = [
  /** A worker process ends without a word, and its nanny starts another. */
  "crash",
  /** The same, but not even the system tells the other ends of its sockets. */
  "power-loss",
  /** A worker handles nothing for a while, as under SIGSTOP. */
  "freeze",
  /** A worker and the scheduler, or two workers, cannot reach each other for a while. */
  "partition",
  /** A connection between a worker and the scheduler breaks; the worker comes back as a fresh one. */
  "disconnect",
  /** A worker ends by its own will, at once or after what runs. */
  "stop",
  /** A worker takes many times longer than usual. */
  "slow",
  /** A worker refuses all transfers for a while. */
  "busy",
  /** A client is gone, and another comes in its place. */
  "client-loss",
  /** Transfers between workers break in the middle. */
  "transfer",
  /** Bundles do not come. */
  "code",
  /** Frames take hundreds of milliseconds. */
  "slow-frames",
  /** A worker's address goes to another worker's process. */
  "address-reuse",
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What clients do beside submitting and fetching. */
export const deedKinds = [
  "cancel",
  "release",
  "retry",
  "resubmit",
  "redefine",
  "scatter",
  "fetch",
  "ask",
  "retire",
  "run-on-workers",
  "restart",
  "share",
  "copy",
  "rebalance",
] as const;

export type DeedKind = (typeof deedKinds)[number];

/** What makes single tasks special. */
export const traitKinds = [
  "throws",
  "crashes",
  "native",
  "timeouts",
  "long",
  "resources",
  "restrictions",
  "priorities",
  "large",
  "unwanted",
] as const;

export type TraitKind = (typeof traitKinds)[number];

export type Shape = "random" | "wide" | "deep" | "layers" | "tree";

/** Everything about one random run that its seed decides before it begins. */
export interface Swarm {
  readonly faults: ReadonlySet<FaultKind>;
  readonly deeds: ReadonlySet<DeedKind>;
  readonly traits: ReadonlySet<TraitKind>;
  readonly shapes: readonly Shape[];
  readonly clients: number;
  readonly workers: readonly {
    readonly name: string;
    readonly slots: number;
    readonly resources: Readonly<Record<string, number>>;
  }[];
  readonly tasks: number;
  /** How long faults and new work go on. */
  readonly phaseMs: number;
  readonly meanTaskMs: number;
  readonly meanFaultGapMs: number;
  readonly workerTtlMs: number;
  readonly graceMs: number;
  readonly network: NetworkOptions;
}

export interface SwarmOptions {
  readonly workers: number;
  readonly tasks: number;
  /** "all": each kind that the seed switches on. */
  readonly faults: "all" | "none" | readonly FaultKind[];
  readonly deeds: "all" | "none" | readonly DeedKind[];
  readonly traits: "all" | "none" | readonly TraitKind[];
}

/** Each seed switches kinds on or off, because faults of many kinds at once hide what one kind alone would show. */
export function drawSwarm(dice: Random, options: SwarmOptions): Swarm {
  const faults = choose(dice, faultKinds, options.faults);
  const shapes = dice.some(["random", "wide", "deep", "layers", "tree"] as const, 0.6);
  const traits = choose(dice, traitKinds, options.traits);
  const workers = Array.from({ length: options.workers }, (_, index) => ({
    name: `w${index}`,
    slots: 1 + dice.below(4),
    resources: dice.chance(0.4) ? { GPU: 1 + dice.below(3) } : ({} as Record<string, number>),
  }));
  // Somebody must have what tasks may ask for.
  if (workers[0] !== undefined) workers[0].resources = { GPU: 2 };
  return {
    faults: new Set(faults),
    deeds: new Set(choose(dice, deedKinds, options.deeds)),
    traits: new Set(traits),
    shapes: shapes.length === 0 ? ["random"] : shapes,
    clients: 1 + dice.below(3),
    workers,
    tasks: 1 + dice.below(options.tasks),
    phaseMs: dice.pick([500, 2_000, 8_000]),
    meanTaskMs: dice.pick([1, 10, 50, 200]),
    meanFaultGapMs: dice.pick([30, 100, 400, 1_500]),
    workerTtlMs: dice.pick([5_000, 30_000]),
    graceMs: dice.pick([0, 3_000, 30_000]),
    network: {
      latencyMs: dice.pick([0.1, 1, 5]),
      jitterMs: dice.pick([0.1, 2, 20]),
      slowFrames: faults.includes("slow-frames") ? 0.03 : 0,
    },
  };
}

function choose<Kind>(dice: Random, kinds: readonly Kind[], choice: "all" | "none" | readonly Kind[]): readonly Kind[] {
  if (choice === "none") return [];
  return choice === "all" ? dice.some(kinds, 0.4) : choice;
}
