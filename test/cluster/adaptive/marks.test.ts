import { describe, expect, test } from "vitest";
import { spec } from "../../scheduler/core/bench.ts";
import { type FleetOptions, VirtualFleet } from "./virtual-fleet.ts";

const options: FleetOptions = {
  minimum: 0,
  maximum: 8,
  targetDurationMs: 5_000,
  waitCount: 3,
  slotsPerWorker: 1,
  intervalMs: 1_000,
  startUpMs: 2_000,
  taskMs: 200,
};
const tasks = Array.from({ length: 1_000 }, (_, i) => spec(i + 1));

describe.each([
  ["workers of 1 slot that take 2 s to start", options],
  ["workers of 4 slots that take 2 s to start", { ...options, slotsPerWorker: 4, maximum: 2 }],
  ["workers that are there at once", { ...options, startUpMs: 1 }],
  ["workers that take 4 s to start", { ...options, startUpMs: 4_000 }],
])("1,000 tasks of 200 ms, from nothing to the maximum and back: %s", (_what, of) => {
  const fleet = new VirtualFleet(of);
  const slots = of.maximum * of.slotsPerWorker;

  test("the maximum is asked for within 3 rounds", () => {
    fleet.runUntil(() => fleet.rounds.length === 2, 5_000);
    fleet.submit(tasks);
    fleet.runUntil(() => fleet.members.length === of.maximum, 3 * of.intervalMs);
    expect(fleet.rounds.length).toBeLessThanOrEqual(5);
  });

  test("every task runs once", () => {
    fleet.runUntil(() => fleet.finished === 1_000, 200_000);
    expect(fleet.begun.size).toBe(1_000);
    expect(Math.max(...fleet.begun.values())).toBe(1);
  });

  test("nobody is left within the wait count and the cool-down", () => {
    const limitMs = of.waitCount * of.intervalMs + of.startUpMs;
    fleet.runUntil(() => fleet.members.length === 0, limitMs);
    expect(fleet.nowMs - fleet.lastEndMs).toBeLessThanOrEqual(limitMs);
  });

  test("the workers cost at most 1.25 times what they would ideally", () => {
    const idealMs = of.maximum * (of.startUpMs + (1_000 / slots) * of.taskMs);
    expect(fleet.workerMs / idealMs).toBeLessThanOrEqual(1.25);
    expect(fleet.workerMs / idealMs).toBeGreaterThan(0.9);
  });
});

test("a serial chain never has more than 1 worker", () => {
  const fleet = new VirtualFleet({ ...options, taskMs: 3_000 });
  fleet.submit(Array.from({ length: 50 }, (_, i) => spec(i + 1, i === 0 ? [] : [i])));
  fleet.runUntil(() => fleet.finished === 50, 200_000);
  expect(Math.max(...fleet.rounds.map(({ target, requested }) => Math.max(target, requested)))).toBe(1);
  expect(fleet.rounds.filter(({ start }) => start > 0)).toHaveLength(1);
  fleet.runUntil(() => fleet.members.length === 0, 6_000);
});

test("results that are still wanted end on one worker, which goes when they are dropped", () => {
  const fleet = new VirtualFleet({ ...options, gathers: false });
  fleet.submit(tasks.slice(0, 200));
  fleet.runUntil(() => fleet.finished === 200, 100_000);
  fleet.runUntil(() => fleet.members.length === 1, 6_000);
  const rounds = fleet.rounds.length + 20;
  fleet.runUntil(() => fleet.rounds.length === rounds, 30_000);
  expect(fleet.members).toHaveLength(1);
  expect(Math.max(...fleet.begun.values())).toBe(1);
  fleet.release(...tasks.slice(0, 200).map(({ future }) => future));
  fleet.runUntil(() => fleet.members.length === 0, 6_000);
});

test("a worker that is lost is missed in the next round", () => {
  const fleet = new VirtualFleet({ ...options, minimum: 2 });
  fleet.runUntil(() => fleet.members.filter(({ state }) => state === "live").length === 2, 5_000);
  fleet.kill("w1");
  fleet.runUntil(() => fleet.members.some(({ name }) => name === "w3"), 1_000);
});

test("a burst every 5 s does not make workers come and go", () => {
  const fleet = new VirtualFleet({ ...options, startUpMs: 6_000, maximum: 4 });
  let started = 0;
  for (let burst = 0; burst < 12; burst++) {
    fleet.submit(
      Array.from({ length: 40 }, (_, i) => spec(1_000 * burst + i + 1)),
      `burst${burst}`,
    );
    const rounds = fleet.rounds.length + 5;
    fleet.runUntil(() => fleet.rounds.length === rounds, 6_000);
  }
  for (const { start } of fleet.rounds) started += start;
  expect(started).toBeLessThanOrEqual(4);
});
