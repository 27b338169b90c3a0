import { expect, test } from "vitest";
import { resolveAdaptOptions } from "../../../cluster/adapt-options.ts";
import { AdaptiveLoop, type ScalableFleet } from "../../../cluster/adaptive/loop.ts";
import type { LoadInfo } from "../../../protocol/cluster-info.ts";
import { silentLogger } from "../../../protocol/logger.ts";
import type { ScalingDecision } from "../../../protocol/record.ts";
import { eventually } from "../../eventually.ts";

const work: LoadInfo = {
  workers: [],
  queued: 10,
  unplaceable: 0,
  queuedMs: 10_000,
  processing: 0,
  occupancyMs: 0,
};

class FakeFleet implements ScalableFleet {
  readonly startUpMs: number | undefined = undefined;
  readonly blocked: string | undefined = undefined;
  members: ScalableFleet["members"] = [];
  start(count: number): void {
    for (let i = 0; i < count; i++)
      this.members = [...this.members, { name: `w${this.members.length}`, state: "starting", askedMs: 0 }];
  }
  cancel(): void {}
  retireIdle(): void {}
}

test("an error is logged, and the loop goes on; what changes is told, and nothing twice", async () => {
  const fleet = new FakeFleet();
  const told: ScalingDecision[] = [];
  const warnings: string[] = [];
  let rounds = 0;
  const loop = new AdaptiveLoop({
    options: resolveAdaptOptions({ intervalMs: 1 }),
    slotsPerWorker: 1,
    fleet,
    load: async () => {
      rounds++;
      if (rounds < 3) throw new Error("no answer");
      return work;
    },
    tell: (decision) => told.push(decision),
    log: { ...silentLogger, warn: (_, message) => warnings.push(message) },
  });
  await eventually("many rounds", () => rounds > 10);
  await loop.stop();
  const last = rounds;
  expect(warnings).toHaveLength(2);
  expect(fleet.members).toHaveLength(2);
  expect(told.map(({ requested, target }) => [requested, target])).toEqual([
    [0, 2],
    [2, 2],
  ]);
  expect(loop.decisions).toEqual(told);
  await loop.stop();
  expect(rounds).toBe(last);
});

test("bad options are refused, all at once", () => {
  const wrong = { minimum: 3, maximum: 2, intervalMs: 0, targetDurationMs: Number.NaN, waitCount: 0.5, speed: 1 };
  expect(() => resolveAdaptOptions(wrong)).toThrow(
    expect.objectContaining({
      code: "BAD_OPTION",
      message: expect.stringMatching(/maximum.*\(3\).*intervalMs.*targetDurationMs.*waitCount.*speed is unknown/s),
    }),
  );
});

test("no bounds are null bounds", () => {
  const unbounded = { minimum: 0, maximum: Number.POSITIVE_INFINITY };
  expect(resolveAdaptOptions()).toMatchObject({
    ...unbounded,
    intervalMs: 1_000,
    targetDurationMs: 5_000,
    waitCount: 3,
  });
  expect(resolveAdaptOptions({ minimum: null, maximum: null })).toMatchObject(unbounded);
});
