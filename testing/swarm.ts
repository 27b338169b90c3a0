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
  /** A connection between a worker and the scheduler breaks; the worker dials again, and is taken back within the grace. */
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
  // From here on, since the second edition.
  /** A connection between a client and the scheduler breaks; the client dials again, if it is one that does. */
  "client-disconnect",
  /** A client and the scheduler cannot reach each other for a while. */
  "client-partition",
  /** Spilled results take long to write and to read for a while. */
  "slow-disk",
  /** Spilled results cannot be read back, and new ones not be written, for a while. */
  "bad-disk",
  /** A worker's memory is nearly full for a while: it starts nothing, and spills what it can. */
  "memory-pressure",
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
  // From here on, since the second edition.
  "explain",
  /** Says what a run gets while slots are scarce, and how many it may hold at once. */
  "share-run",
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
  // From here on, since the second edition.
  /** It submits tasks itself, and waits for them in its slot. */
  "nested",
  /** Its result is large enough to be spilled. */
  "bulky",
  // From here on, since the third edition.
  /** It takes no longer than telling of it, save the few that surprise. */
  "brief",
] as const;

export type TraitKind = (typeof traitKinds)[number];

export type Shape = "random" | "wide" | "deep" | "layers" | "tree";

/**
 * Each draws more than the one before did. A seed that found a fault in an edition is played in that one, since in a later one
 * it stands for another scenario.
 */
export const editions = [1, 2, 3] as const;
export type Edition = (typeof editions)[number];
export const editionLatest: Edition = 3;

/** How many of each kind the earlier editions knew. */
const firstEdition = { faults: 13, deeds: 14, traits: 10 } as const;
const secondEdition = { traits: 12 } as const;

/** A client that comes back after its connection was lost. */
export interface SimSessionOptions {
  /** How long it tries to; 0: it does not. */
  readonly reconnectMs: number;
  /** Its futures outlive it. */
  readonly detach: boolean;
}

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
  readonly noWorkersTimeoutMs: number;
  /** One of these is each client's. */
  readonly sessions: readonly SimSessionOptions[];
  /** How long a worker that is cut off keeps everything for the scheduler. */
  readonly workerReconnectMs: number;
  /** How much of its results a worker keeps in memory; what is above is spilled. */
  readonly spillAboveBytes: number;
  /** Whether workers hand brief tasks to slots that are taken, from which they can take them back. */
  readonly canTakeBack: boolean;
}

export interface SwarmOptions {
  readonly edition: Edition;
  readonly workers: number;
  readonly tasks: number;
  /** "all": each kind that the seed switches on. */
  readonly faults: "all" | "none" | readonly FaultKind[];
  readonly deeds: "all" | "none" | readonly DeedKind[];
  readonly traits: "all" | "none" | readonly TraitKind[];
}

/** Each seed switches kinds on or off, because faults of many kinds at once hide what one kind alone would show. */
export function drawSwarm(dice: Random, options: SwarmOptions): Swarm {
  const { edition } = options;
  const faults = choose(dice, faultKinds.slice(0, firstEdition.faults), options.faults);
  const shapes = dice.some(["random", "wide", "deep", "layers", "tree"] as const, 0.6);
  const traits = choose(dice, traitKinds.slice(0, firstEdition.traits), options.traits);
  const workers = Array.from({ length: options.workers }, (_, index) => ({
    name: `w${index}`,
    slots: 1 + dice.below(4),
    resources: dice.chance(0.4) ? { GPU: 1 + dice.below(3) } : ({} as Record<string, number>),
  }));
  // Somebody must have what tasks may ask for.
  if (workers[0] !== undefined) workers[0].resources = { GPU: 2 };
  const first = {
    deeds: choose(dice, deedKinds.slice(0, firstEdition.deeds), options.deeds),
    shapes: shapes.length === 0 ? (["random"] as const) : shapes,
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
  if (edition === 1) return { ...first, ...unknownToTheFirst, ...setsOf({ faults, deeds: first.deeds, traits }) };
  const later = {
    faults: choose(dice, faultKinds.slice(firstEdition.faults), options.faults),
    deeds: choose(dice, deedKinds.slice(firstEdition.deeds), options.deeds),
    traits: choose(dice, traitKinds.slice(firstEdition.traits, secondEdition.traits), options.traits),
  };
  const second = {
    ...first,
    graceMs: dice.chance(0.3) ? dice.pick([200, 1_000]) : first.graceMs,
    noWorkersTimeoutMs: dice.pick([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 500, 5_000]),
    sessions: Array.from({ length: 4 }, () => ({
      reconnectMs: dice.pick([0, 500, 5_000, 30_000]),
      detach: dice.chance(0.15),
    })),
    workerReconnectMs: dice.pick([300, 3_000, 30_000, 30_000]),
    spillAboveBytes: dice.pick([0, 50_000, 500_000]),
    canTakeBack: false,
    ...setsOf({
      faults: [...faults, ...later.faults],
      deeds: [...first.deeds, ...later.deeds],
      traits: [...traits, ...later.traits],
    }),
  };
  if (edition === 2) return second;
  const latest = choose(dice, traitKinds.slice(secondEdition.traits), options.traits);
  // Brief tasks share slots only where there are many more of them than slots.
  const crowds = dice.pick([1, 3, 6]);
  return {
    ...second,
    tasks: latest.includes("brief") ? crowds * second.tasks : second.tasks,
    traits: new Set([...second.traits, ...latest]),
    canTakeBack: true,
  };
}

const unknownToTheFirst = {
  noWorkersTimeoutMs: Number.POSITIVE_INFINITY,
  sessions: [{ reconnectMs: 0, detach: false }],
  workerReconnectMs: 30_000,
  spillAboveBytes: Number.POSITIVE_INFINITY,
  canTakeBack: false,
} as const;

function setsOf(kinds: {
  readonly faults: readonly FaultKind[];
  readonly deeds: readonly DeedKind[];
  readonly traits: readonly TraitKind[];
}): Pick<Swarm, "faults" | "deeds" | "traits"> {
  return { faults: new Set(kinds.faults), deeds: new Set(kinds.deeds), traits: new Set(kinds.traits) };
}

/** The dice are cast whatever the choice, so that a choice of fewer kinds leaves all that is drawn later as it was. */
function choose<Kind>(dice: Random, kinds: readonly Kind[], choice: "all" | "none" | readonly Kind[]): readonly Kind[] {
  const drawn = dice.some(kinds, 0.4);
  if (choice === "none") return [];
  return choice === "all" ? drawn : kinds.filter((kind) => choice.includes(kind));
}
