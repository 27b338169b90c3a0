import { describe, expect, it } from "vitest";
import {
  cancelled,
  compute,
  done,
  execute,
  Harness,
  input,
  send,
  slotDone,
  started,
  store,
  t,
  value,
} from "./harness.ts";

const paused = send({ op: "status", status: "paused" });
const retiring = send({ op: "status", status: "retiring" });
const running = send({ op: "status", status: "running" });

/** A core that holds task 1's result. */
function holding(): Harness {
  const h = new Harness();
  h.messages(compute(1));
  expect(h.event(slotDone(1))).toEqual([store(1), done(1)]);
  return h;
}

describe("a worker short of memory", () => {
  it("starts nothing until there is room again, and says both", () => {
    const h = new Harness();
    expect(h.event({ kind: "memory", paused: true })).toEqual([paused]);
    expect(h.event({ kind: "memory", paused: true })).toEqual([]);
    expect(h.messages(compute(1))).toEqual([]);
    expect(h.event({ kind: "memory", paused: false })).toEqual([running, execute(1, 1), started(1)]);
  });

  it("gives back what it has not begun", () => {
    const h = new Harness();
    h.event({ kind: "memory", paused: true });
    h.messages(compute(1));
    expect(h.messages({ op: "cancel", task: t(1), attempt: 1, force: false, reason: "paused" })).toEqual([
      cancelled(1),
    ]);
  });

  it("tells it to the next scheduler, which takes it for a fresh worker", () => {
    const h = new Harness({ reconnectMs: 0 });
    h.event({ kind: "memory", paused: true });
    h.event({ kind: "disconnected" });
    expect(h.event({ kind: "connected" })).toEqual([paused]);
  });

  it("is not running again while it drains", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event({ kind: "memory", paused: true });
    expect(h.event({ kind: "stop", how: "drain", reason: "test" })).toEqual([retiring]);
    expect(h.event({ kind: "memory", paused: false })).toEqual([]);
  });

  it("names what it runs", () => {
    const h = new Harness({ slots: 2 });
    h.messages(compute(1), compute(2), compute(3, { priority: [1] }));
    expect(h.core.runningKeys()).toEqual(["key-2", "key-1"]);
  });
});

describe("a result that cannot be read back", () => {
  it("is told as dropped, and what waits with it goes back without blame", () => {
    const h = holding();
    h.messages(
      compute(2, { priority: [-1] }),
      compute(3, { inputs: [input(1, [])] }),
      compute(4, { inputs: [input(1, []), input(9, ["a"])] }),
    );
    const effects = h.event({ kind: "unreadable", tasks: [t(1)] });
    expect(effects.slice(0, 2)).toEqual([{ kind: "drop", tasks: [t(1)] }, send({ op: "dropped", task: t(1) })]);
    expect(effects.slice(2)).toMatchObject(
      [3, 4].map((task) => ({ message: { op: "failed", task, blame: "infrastructure", error: { retryable: true } } })),
    );
    expect(h.event({ kind: "unreadable", tasks: [t(1)] })).toEqual([]);
  });

  it("ends the job that was to begin with it, whose slot is free again", () => {
    const h = holding();
    expect(h.messages(compute(2, { inputs: [input(1, [])] }), compute(3, { priority: [1] }))).toEqual([
      execute(2, 2, { inputs: [t(1)] }),
      started(2),
    ]);
    h.event({ kind: "unreadable", tasks: [t(1)] });
    const effects = h.event({ kind: "slot-unready", job: 2 });
    expect(effects[0]).toMatchObject({ message: { op: "failed", task: 2, blame: "infrastructure" } });
    expect(effects.slice(1)).toEqual([execute(3, 3), started(3)]);
    expect(h.event({ kind: "slot-unready", job: 2 })).toEqual([]);
  });

  it("lets a job that was taken back meanwhile end as cancelled", () => {
    const h = holding();
    h.messages(compute(2, { inputs: [input(1, [])] }));
    h.messages({ op: "cancel", task: t(2), attempt: 1, force: false, reason: "test" });
    h.event({ kind: "unreadable", tasks: [t(1)] });
    expect(h.event({ kind: "slot-unready", job: 2 })).toEqual([cancelled(2)]);
    expect(h.event({ kind: "put", task: t(1), value, bytes: 1 })[0]).toEqual(store(1));
  });
});
