import { describe, expect, test } from "vitest";
import { demandOf } from "../../../cluster/adaptive/demand.ts";
import {
  AdaptivePolicy,
  type FleetMember,
  type PolicyOptions,
  type ScalingOrder,
  type Situation,
} from "../../../cluster/adaptive/policy.ts";
import type { LoadInfo, WorkerLoad } from "../../../protocol/cluster-info.ts";

const options: PolicyOptions = {
  minimum: 0,
  maximum: Number.POSITIVE_INFINITY,
  targetDurationMs: 5_000,
  waitCount: 3,
  slotsPerWorker: 1,
};

const nothing: LoadInfo = { workers: [], queued: 0, unplaceable: 0, queuedMs: 0, processing: 0, occupancyMs: 0 };

const worker = (name: string, extra: Partial<WorkerLoad> = {}): WorkerLoad => ({
  name,
  address: `ws://${name}:1`,
  status: "running",
  slots: 1,
  assigned: 0,
  running: 0,
  storedBytes: 0,
  memoryLimitBytes: 0,
  idleMs: 10_000,
  ...extra,
});
const busy = { assigned: 1, running: 1, idleMs: undefined };

const live = (...names: string[]): FleetMember[] => names.map((name) => ({ name, state: "live", askedMs: 0 }));
const starting = (askedMs: number, ...names: string[]): FleetMember[] =>
  names.map((name) => ({ name, state: "starting", askedMs }));

describe("the target", () => {
  test.each<[string, Partial<LoadInfo>, Partial<PolicyOptions>, number]>([
    ["is 0 without work", {}, {}, 0],
    ["is the minimum without work", {}, { minimum: 2 }, 2],
    ["does the work in the target duration", { queued: 100, queuedMs: 50_000 }, {}, 10],
    ["counts what workers have", { processing: 100, occupancyMs: 30_000, queued: 9, queuedMs: 20_000 }, {}, 10],
    ["is rounded up", { queued: 100, queuedMs: 50_001 }, {}, 11],
    ["has no more slots than there are tasks", { queued: 2, queuedMs: 600_000, processing: 1 }, {}, 3],
    ["is in workers, not in slots", { queued: 100, queuedMs: 50_000 }, { slotsPerWorker: 4 }, 3],
    ["is at least 1 while there is work", { queued: 1, queuedMs: 0 }, {}, 1],
    ["is no more than the maximum", { queued: 100, queuedMs: 500_000 }, { maximum: 7 }, 7],
    ["is no less than the minimum", { queued: 1, queuedMs: 1 }, { minimum: 3 }, 3],
    ["counts what no worker may run", { queued: 10, unplaceable: 10, queuedMs: 50_000 }, {}, 10],
  ])("%s", (_what, load, extra, target) => {
    expect(demandOf({ ...nothing, ...load }, 0, { ...options, ...extra }).target).toBe(target);
  });

  const filled = (storedBytes: number, memoryLimitBytes: number): LoadInfo => ({
    ...nothing,
    workers: [worker("a", { storedBytes, memoryLimitBytes }), worker("b", { memoryLimitBytes })],
  });

  test.each<[string, LoadInfo, number]>([
    ["doubles when more than 0.6 of the memory is filled", filled(121, 100), 4],
    ["does not double at 0.6", filled(120, 100), 0],
    ["does not double without limits", filled(10 ** 9, 0), 0],
  ])("%s", (_what, load, target) => {
    expect(demandOf(load, 2, options).target).toBe(target);
  });

  test("comes with its reason", () => {
    const load = {
      ...nothing,
      queued: 90,
      unplaceable: 5,
      queuedMs: 48_000,
      processing: 10,
      occupancyMs: 2_000,
      workers: [worker("a")],
    };
    expect(demandOf(load, 0, { ...options, maximum: 4 }).reason).toBe(
      "90 tasks wait (5 of them for a worker that may run them) and 10 are under way, 50s of work: 10 workers, of whom 4 are allowed",
    );
    expect(demandOf(nothing, 0, { ...options, minimum: 1 }).reason).toBe("there is no work, and 1 are kept at least");
    expect(demandOf(filled(150, 100), 2, options).reason).toBe("results fill 75% of the workers' memory: 4 workers");
  });
});

/** Rounds one second apart. */
function play(policy: AdaptivePolicy, rounds: number, situation: Situation, fromMs = 0): ScalingOrder[] {
  return Array.from({ length: rounds }, (_, i) => policy.decide(situation, fromMs + 1_000 * i));
}

const idleTwo: Situation = {
  load: { ...nothing, workers: [worker("a"), worker("b")] },
  members: live("a", "b"),
  startUpMs: 500,
};

describe("up", () => {
  const work = { ...nothing, queued: 100, queuedMs: 20_000 };

  test("at once, for as many as are missing", () => {
    const members = [...live("a"), ...starting(0, "b")];
    const order = new AdaptivePolicy(options).decide({ load: work, members, startUpMs: undefined }, 0);
    expect(order).toMatchObject({ live: 1, requested: 2, target: 4, start: 2, cancel: [], retire: [] });
  });

  test("not while none can be started, which is said", () => {
    const situation = { load: work, members: [], startUpMs: undefined, blocked: "the image is gone" };
    const order = new AdaptivePolicy(options).decide(situation, 0);
    expect(order.start).toBe(0);
    expect(order.reason).toContain("none is started, because the image is gone");
  });
});

describe("down", () => {
  test("only after as many rounds as must agree", () => {
    const orders = play(new AdaptivePolicy(options), 3, idleTwo);
    expect(orders.map(({ retire }) => retire)).toEqual([[], [], ["a", "b"]]);
    expect(orders[1]?.reason).toBe("there is no work; round 2 of 3 that must agree before any goes");
    expect(orders[2]?.reason).toBe("there is no work; a, b are let go");
  });

  test("not before a worker's start-up time is over", () => {
    const orders = play(new AdaptivePolicy(options), 8, { ...idleTwo, startUpMs: 6_500 });
    expect(orders.map(({ retire }) => retire.length)).toEqual([0, 0, 0, 0, 0, 0, 0, 2]);
    expect(orders[4]?.reason).toContain("since one takes 6.5s to start");
  });

  test("a round in between that needs them all starts the count anew", () => {
    const policy = new AdaptivePolicy(options);
    play(policy, 2, idleTwo);
    const { load } = idleTwo;
    play(policy, 1, { ...idleTwo, load: { ...load, queued: 2, queuedMs: 10_000 } }, 2_000);
    expect(play(policy, 3, idleTwo, 3_000).map(({ retire }) => retire.length)).toEqual([0, 0, 2]);
  });

  test("to the most that any of the rounds asked for", () => {
    const policy = new AdaptivePolicy(options);
    const { load } = idleTwo;
    play(policy, 1, { ...idleTwo, load: { ...load, queued: 1, queuedMs: 100 } });
    expect(play(policy, 3, idleTwo, 1_000).map(({ retire }) => retire.length)).toEqual([0, 1, 2]);
  });

  test("never one that has anything to do", () => {
    const load = { ...nothing, processing: 1, occupancyMs: 1, workers: [worker("a", busy), worker("b", busy)] };
    const orders = play(new AdaptivePolicy({ ...options }), 9, { ...idleTwo, load });
    expect(orders.flatMap(({ retire }) => retire)).toEqual([]);
    expect(orders.at(-1)?.reason).toContain("1 worker more could go, but is not idle");
  });

  test("those first that have least to hand over, then those idle for longest", () => {
    const members = live("a", "b", "c", "d");
    const workers = [
      worker("a", { storedBytes: 5 }),
      worker("b", { idleMs: 1 }),
      worker("c", { idleMs: 9 }),
      worker("d", busy),
    ];
    const load = { ...nothing, processing: 1, occupancyMs: 1, workers };
    const policy = new AdaptivePolicy({ ...options, minimum: 2 });
    expect(play(policy, 3, { load, members, startUpMs: 1 }).at(-1)?.retire).toEqual(["c", "b"]);
  });

  test.each(["disconnected", "retiring"] as const)("none that is %s", (status) => {
    const load = { ...nothing, workers: [worker("a", { status })] };
    const orders = play(new AdaptivePolicy(options), 9, { load, members: live("a"), startUpMs: 1 });
    expect(orders.flatMap(({ retire }) => retire)).toEqual([]);
  });

  test("nobody who is not the cluster's own", () => {
    const load = { ...nothing, workers: [worker("a"), worker("stranger")] };
    const orders = play(new AdaptivePolicy(options), 9, { load, members: live("a"), startUpMs: 1 });
    expect(orders.at(-1)?.retire).toEqual(["a"]);
  });
});

describe("workers that have not come", () => {
  const members = [...live("a"), ...starting(0, "late")];

  test("are cancelled once the rounds agree, if the work is done before they come", () => {
    const load = { ...nothing, processing: 1, occupancyMs: 3_000, workers: [worker("a", busy)] };
    const orders = play(new AdaptivePolicy(options), 3, { load, members, startUpMs: 60_000 });
    expect(orders.map(({ cancel }) => cancel)).toEqual([[], [], ["late"]]);
    expect(orders[2]?.reason).toContain("late is cancelled");
  });

  test("are waited for if they come while there is work", () => {
    const load = { ...nothing, processing: 1, occupancyMs: 50_000, workers: [worker("a", busy)] };
    const orders = play(new AdaptivePolicy(options), 3, { load, members, startUpMs: 20_000 });
    expect(orders.flatMap(({ cancel }) => cancel)).toEqual([]);
  });

  test("go after the idle ones, once the cool-down is over, if they would come in time", () => {
    const idle = { ...nothing, processing: 1, occupancyMs: 50_000, workers: [worker("a", busy), worker("b")] };
    const all = [...live("a", "b"), ...starting(0, "soon")];
    const orders = play(new AdaptivePolicy(options), 6, { load: idle, members: all, startUpMs: 4_900 });
    expect(orders.at(-2)).toMatchObject({ retire: [], cancel: [] });
    expect(orders.at(-1)).toMatchObject({ retire: ["b"], cancel: ["soon"] });
  });
});
