import { describe, expect, it } from "vitest";
import type { Inventory } from "../../../protocol/messages.ts";
import type { WorkerEffect } from "../../../worker/core/effects.ts";
import {
  cancelled,
  compute,
  done,
  execute,
  fetch,
  Harness,
  input,
  send,
  slotDone,
  started,
  store,
  t,
} from "./harness.ts";

const cut = (h: Harness): void => {
  expect(h.event({ kind: "disconnected" })).toEqual([]);
};

/** The same scheduler is back and still counts on this worker. */
function resume(h: Harness): readonly WorkerEffect[] {
  expect(h.event({ kind: "connected", resuming: true })).toEqual([]);
  return h.messages({ op: "resume", kept: true });
}

const inventory = (said: Partial<Inventory> = {}): WorkerEffect =>
  send({ op: "inventory", held: [], attempts: [], runs: [], status: "running", ...said });

describe("a worker that was cut off", () => {
  it("goes on meanwhile, and then tells what ended and what it has", () => {
    const h = new Harness({ slots: 2 });
    h.messages(compute(1), compute(2), compute(3), compute(4));
    h.event(slotDone(1));
    cut(h);
    expect(h.event(slotDone(2))).toEqual([store(3), execute(4, 1)]);
    const effects = resume(h).filter(({ kind }) => kind === "send");
    expect(effects.slice(0, 2)).toEqual([
      done(3),
      inventory({
        held: [
          { task: t(4), bytes: 1 },
          { task: t(3), bytes: 1 },
        ],
        attempts: [
          { task: t(1), attempt: 1, started: true },
          { task: t(2), attempt: 1, started: true },
        ],
      }),
    ]);
    expect(h.event(slotDone(4))).toEqual([store(1), done(1)]);
  });

  it("tells a failure again that it told just before, because nothing else is left of it", () => {
    const h = new Harness();
    const error = { code: "TASK_FAILED", message: "boom", retryable: false } as const;
    h.messages(compute(1));
    const [failed] = h.event({ kind: "slot-failed", job: 1, error, startMs: 10, endMs: 20 });
    expect(failed).toMatchObject({ message: { op: "failed" } });
    cut(h);
    expect(resume(h)).toEqual([failed, inventory()]);
  });

  it("tells what was taken back before, and reports one that is still stopping", () => {
    const h = new Harness({ slots: 2 });
    h.messages(compute(1), compute(2));
    h.messages({ op: "cancel", task: t(1), attempt: 1, force: true, reason: "" });
    h.messages({ op: "cancel", task: t(2), attempt: 1, force: true, reason: "" });
    cut(h);
    h.event({ kind: "slot-cancelled", job: 1 });
    const effects = resume(h);
    expect(effects[0]).toEqual(cancelled(2));
    expect(effects[1]).toEqual(inventory({ attempts: [{ task: t(1), attempt: 1, started: true }] }));
  });

  it("asks again for inputs that nobody could give, naming no address that may be back", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, ["ws://a:1"])] }));
    h.event({ kind: "fetch-unreachable", fetch: 1 });
    cut(h);
    expect(resume(h)).toEqual([
      inventory({ attempts: [{ task: t(2), attempt: 1, started: false }] }),
      send({ op: "unreachable-input", task: t(1), addresses: [] }),
    ]);
    expect(h.messages({ op: "holders", task: t(1), addresses: ["ws://a:1"] })).toEqual([]);
    h.nowMs += 60_000;
    expect(h.event({ kind: "wake" })).toEqual([fetch(2, "ws://a:1", 1)]);
  });

  it("says nothing before it knows whether it is taken back, and forgets everything if it is not", () => {
    const h = new Harness();
    h.messages(compute(1), compute(2));
    cut(h);
    expect(h.event({ kind: "connected", resuming: true })).toEqual([]);
    expect(h.event(slotDone(1))).toEqual([store(2), execute(2, 1)]);
    expect(h.messages({ op: "resume", kept: false })).toEqual([
      { kind: "cancel-execution", job: 2, force: true },
      { kind: "drop", tasks: [t(2)] },
    ]);
    expect(h.event({ kind: "slot-cancelled", job: 2 })).toEqual([]);
  });

  it("forgets everything when the time is over, and has nothing to report then", () => {
    const h = new Harness({ reconnectMs: 5_000 });
    h.messages(compute(1), compute(2));
    h.event(slotDone(1));
    cut(h);
    expect(h.core.nextWakeupMs()).toBe(h.nowMs + 5_000);
    h.nowMs += 5_000;
    expect(h.event({ kind: "wake" })).toEqual([
      { kind: "cancel-execution", job: 2, force: true },
      { kind: "drop", tasks: [t(2)] },
    ]);
    expect(h.core.nextWakeupMs()).toBeUndefined();
    expect(resume(h)).toEqual([inventory()]);
    h.define();
    h.event({ kind: "slot-cancelled", job: 2 });
    expect(h.messages(compute(3))).toEqual([execute(3, 3), started(3)]);
  });

  it("keeps nothing with reconnectMs 0", () => {
    const h = new Harness({ reconnectMs: 0 });
    h.messages(compute(1));
    h.event(slotDone(1));
    expect(h.event({ kind: "disconnected" })).toEqual([{ kind: "drop", tasks: [t(1)] }]);
  });
});
