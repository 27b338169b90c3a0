import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clientId, workerId } from "../../../protocol/ids.ts";
import type { SchedulerEffect, SchedulerEvent } from "../../../scheduler/core/events.ts";
import { CoreDriver } from "../../../scheduler/server/core-driver.ts";

/** A core that answers each event as told and wakes when told. */
class ScriptedCore {
  readonly seen: SchedulerEvent["kind"][] = [];
  readonly seenAtMs: number[] = [];
  wakeupMs: number | undefined;
  answer: (event: SchedulerEvent) => readonly SchedulerEffect[] = () => [];

  handle(event: SchedulerEvent, nowMs: number): readonly SchedulerEffect[] {
    this.seen.push(event.kind);
    this.seenAtMs.push(nowMs);
    return this.answer(event);
  }
  nextWakeupMs(): number | undefined {
    return this.wakeupMs;
  }
}

const notBroken = (error: unknown): never => expect.unreachable(String(error));
const connected: SchedulerEvent = { kind: "client-connected", client: clientId(1), name: "c" };
const hangUp: SchedulerEffect = { kind: "close-worker", worker: workerId(2), reason: "r" };
const log: SchedulerEffect = { kind: "log", level: "info", message: "m", fields: {} };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

test("an event that arises from an effect waits until the effects before it are done", () => {
  const core = new ScriptedCore();
  const order: string[] = [];
  const driver = new CoreDriver(
    core,
    (effect) => {
      order.push(effect.kind);
      if (effect.kind === "close-worker") driver.dispatch([{ kind: "worker-lost", worker: workerId(2), reason: "r" }]);
    },
    notBroken,
  );
  core.answer = (event) => {
    order.push(event.kind);
    return event.kind === "client-connected" ? [hangUp, log] : [];
  };
  driver.dispatch([connected, { kind: "wake" }]);
  expect(order).toEqual(["client-connected", "close-worker", "log", "wake", "worker-lost"]);
});

test("one timer wakes the core, no earlier than it asked", () => {
  const core = new ScriptedCore();
  const driver = new CoreDriver(core, () => {}, notBroken);
  core.wakeupMs = performance.now() + 100;
  driver.dispatch([connected]);
  core.wakeupMs = performance.now() + 50;
  driver.dispatch([connected]);
  expect(vi.getTimerCount()).toBe(1);
  const asked = core.wakeupMs;
  core.answer = () => {
    core.wakeupMs = undefined;
    return [];
  };
  vi.advanceTimersByTime(60);
  expect(core.seen).toEqual(["client-connected", "client-connected", "wake"]);
  expect(core.seenAtMs[2]).toBeGreaterThanOrEqual(asked);
  expect(vi.getTimerCount()).toBe(0);
});

test("after the core has thrown, it is told nothing more", () => {
  const core = new ScriptedCore();
  const broken: unknown[] = [];
  const performed: string[] = [];
  const driver = new CoreDriver(
    core,
    (effect) => performed.push(effect.kind),
    (error) => broken.push(error),
  );
  core.wakeupMs = 10;
  driver.dispatch([connected]);
  const error = new Error("no such state");
  core.answer = () => {
    throw error;
  };
  driver.dispatch([connected, connected]);
  driver.dispatch([connected]);
  vi.runAllTimers();
  expect(core.seen).toHaveLength(2);
  expect(broken).toEqual([error]);
  expect(performed).toEqual([]);
});

test("a stopped driver leaves no timer", () => {
  const core = new ScriptedCore();
  const driver = new CoreDriver(core, () => {}, notBroken);
  core.wakeupMs = performance.now() + 1000;
  driver.dispatch([connected]);
  driver.stop();
  driver.dispatch([connected]);
  expect(vi.getTimerCount()).toBe(0);
  expect(core.seen).toHaveLength(1);
});
