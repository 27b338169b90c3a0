import { describe, expect, it } from "vitest";
import type { WireError } from "../../../protocol/errors.ts";
import { fnId } from "../../../protocol/ids.ts";
import {
  bundle,
  bundledFn,
  cancelled,
  compute,
  done,
  execute,
  Harness,
  send,
  slotDone,
  started,
  store,
  t,
  value,
} from "./harness.ts";

const broken: WireError = { code: "TASK_FAILED", message: "it threw", retryable: false };

describe("running tasks", () => {
  it("starts a task that needs nothing, keeps its result, and tells both", () => {
    const h = new Harness();
    expect(h.messages(compute(1))).toEqual([execute(1, 1), started(1)]);
    expect(h.event(slotDone(1))).toEqual([store(1), done(1)]);
  });

  it("runs by priority, and of equal priority the latest first", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(
      h.messages(compute(2, { priority: [1] }), compute(3, { priority: [0, 5] }), compute(4, { priority: [0, 5] })),
    ).toEqual([]);
    expect(h.event(slotDone(1)).slice(2)).toEqual([execute(2, 4), started(4)]);
    expect(h.event(slotDone(2)).slice(2)).toEqual([execute(3, 3), started(3)]);
    expect(h.event(slotDone(3)).slice(2)).toEqual([execute(4, 2), started(2)]);
  });

  it("lets runs take turns, so that more and more of one cannot keep another waiting", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.messages(compute(2), compute(3), compute(4, { run: "other", priority: [9] }));
    expect(h.event(slotDone(1)).slice(2)).toEqual([execute(2, 3), started(3)]);
    h.messages(compute(5));
    expect(h.event(slotDone(2)).slice(2)).toEqual([execute(3, 4, { run: "other" }), started(4)]);
  });

  it("blames the task for what its slot reports", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(h.event({ kind: "slot-failed", job: 1, error: broken, startMs: 1, endMs: 2 })).toEqual([
      send({ op: "failed", task: t(1), attempt: 1, error: broken, blame: "task", startMs: 1, endMs: 2 }),
    ]);
  });

  it("does not blame the task when its slot was stopped from elsewhere", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toMatchObject([
      { message: { op: "failed", task: 1, blame: "infrastructure", error: { code: "CANCELLED" } } },
    ]);
  });

  it("answers done at once for a result that it holds", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event(slotDone(1));
    expect(h.messages(compute(1, { attempt: 2 }))).toEqual([
      send({ op: "done", task: t(1), attempt: 2, bytes: 1, startMs: 1_000, endMs: 1_000 }),
    ]);
  });

  it("ignores the ends of jobs that it does not know, and the repetition of a known end", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event(slotDone(1));
    expect(h.event(slotDone(1))).toEqual([]);
    expect(h.event({ kind: "slot-cancelled", job: 99 })).toEqual([]);
    expect(h.event({ kind: "slot-stuck", job: 99, reason: "native" })).toEqual([]);
  });

  it("ignores an attempt older than the one it has", () => {
    const h = new Harness();
    h.messages(compute(1, { attempt: 3 }));
    expect(h.messages(compute(1, { attempt: 2 }), compute(1, { attempt: 3 }))).toEqual([]);
  });
});

describe("resources", () => {
  it("passes over a task whose resources are taken, and starts it when they are free", () => {
    const h = new Harness({ slots: 3, resources: { GPU: 1 } });
    const gpu = { resources: { GPU: 1 } };
    expect(h.messages(compute(1, gpu), compute(2, gpu), compute(3, { priority: [9] }))).toEqual([
      execute(1, 2),
      started(2),
      execute(2, 3),
      started(3),
    ]);
    expect(h.event(slotDone(1))).toEqual([store(2), done(2), execute(3, 1), started(1)]);
  });

  it("keeps the resources of a cancelled task until its slot has confirmed", () => {
    const h = new Harness({ slots: 2, resources: { GPU: 1 } });
    const gpu = { resources: { GPU: 1 } };
    h.messages(compute(1, gpu));
    expect(h.messages({ op: "cancel", task: t(1), attempt: 1, force: true, reason: "" }, compute(2, gpu))).toEqual([
      { kind: "cancel-execution", job: 1, force: true },
    ]);
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toEqual([cancelled(1), execute(2, 2), started(2)]);
  });
});

describe("giving back", () => {
  const giveBack = (task: number, attempt = 1) => ({ op: "give-back", task: t(task), attempt }) as const;

  it("lets go of what has not begun, keeps what has, and knows nothing of what has ended", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.messages(compute(2));
    expect(h.messages(giveBack(1))).toEqual([send({ op: "kept", task: t(1), attempt: 1 })]);
    expect(h.messages(giveBack(2))).toEqual([cancelled(2)]);
    expect(h.event(slotDone(1))).toEqual([store(1), done(1)]);
    expect(h.messages(giveBack(1))).toEqual([]);
  });
});

describe("cancelling", () => {
  const cancel = (task: number, attempt = 1, force = true) =>
    ({ op: "cancel", task: t(task), attempt, force, reason: "" }) as const;

  it("answers at once for a task that does not run", () => {
    const h = new Harness();
    h.messages(compute(1), compute(2));
    expect(h.messages(cancel(1))).toEqual([cancelled(1)]);
    expect(h.event(slotDone(1))).toEqual([store(2), done(2)]);
  });

  it("answers once, when the slot has confirmed, and throws the result away", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(h.messages(cancel(1))).toEqual([{ kind: "cancel-execution", job: 1, force: true }]);
    expect(h.messages(cancel(1))).toEqual([]);
    expect(h.event(slotDone(1))).toEqual([cancelled(1)]);
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toEqual([]);
  });

  it("turns a gentle cancel into a forced one when asked to", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(h.messages(cancel(1, 1, false))).toEqual([{ kind: "cancel-execution", job: 1, force: false }]);
    expect(h.messages(cancel(1, 1, true))).toEqual([{ kind: "cancel-execution", job: 1, force: true }]);
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toEqual([cancelled(1)]);
  });

  it("does not answer when done was already sent", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event(slotDone(1));
    expect(h.messages(cancel(1))).toEqual([]);
  });

  it("lets the next attempt wait until the slot has confirmed the end of the last", () => {
    const h = new Harness({ slots: 2 });
    h.messages(compute(1));
    expect(h.messages(cancel(1), compute(1, { attempt: 2 }))).toEqual([
      { kind: "cancel-execution", job: 1, force: true },
    ]);
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toEqual([
      cancelled(1),
      execute(2, 1, { attempt: 2 }),
      started(1, 2),
    ]);
    expect(h.event(slotDone(2))).toEqual([store(1), done(1, 2)]);
  });

  it("answers for a next attempt that is cancelled while it waits for the last to stop", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.messages(cancel(1), compute(1, { attempt: 2 }));
    expect(h.messages(cancel(1, 2))).toEqual([cancelled(1, 2)]);
    expect(h.event({ kind: "slot-cancelled", job: 1 })).toEqual([cancelled(1)]);
  });

  it("ignores a cancel of an attempt that is not there", () => {
    const h = new Harness();
    h.messages(compute(1, { attempt: 2 }));
    expect(h.messages(cancel(1, 1), cancel(7))).toEqual([]);
  });
});

describe("code", () => {
  const inBundle = { fn: fnId(2) };

  it("has a bundle loaded once for all that need it, then runs them", () => {
    const h = new Harness({ slots: 2 });
    expect(h.messages(compute(1, inBundle), compute(2, inBundle))).toEqual([{ kind: "load-code", load: 1, bundle }]);
    const there = { fn: bundledFn, codePath: "/code" };
    expect(h.event({ kind: "code-ready", load: 1, path: "/code" })).toEqual([
      execute(1, 2, there),
      started(2),
      execute(2, 1, there),
      started(1),
    ]);
    h.event(slotDone(1));
    expect(h.messages(compute(3, inBundle))).toEqual([execute(3, 3, there), started(3)]);
  });

  it("asks for the path again after a while, as the cache may have dropped the file", () => {
    const h = new Harness();
    h.messages(compute(1, inBundle));
    h.event({ kind: "code-ready", load: 1, path: "/code" });
    h.event(slotDone(1));
    h.nowMs += 30_000;
    expect(h.messages(compute(2, inBundle))).toEqual([{ kind: "load-code", load: 2, bundle }]);
  });

  it("fails those that wait when the bundle does not come, and tries again for the next", () => {
    const h = new Harness();
    const error: WireError = { code: "BAD_BUNDLE", message: "wrong hash", retryable: false };
    h.messages(compute(1, inBundle));
    expect(h.event({ kind: "code-failed", load: 1, error })).toEqual([
      send({ op: "failed", task: t(1), attempt: 1, error, blame: "task", startMs: 1_000, endMs: 1_000 }),
    ]);
    expect(h.messages(compute(2, inBundle))).toEqual([{ kind: "load-code", load: 2, bundle }]);
    expect(h.event({ kind: "code-failed", load: 2, error: { ...error, retryable: true } })).toMatchObject([
      { message: { op: "failed", task: 2, blame: "infrastructure" } },
    ]);
  });
});

describe("run on this worker", () => {
  const run = (request: number, fn = 1) => ({ op: "run", request, fn: fnId(fn), args: value }) as const;
  const ran = (job: number, request: number, extra: boolean) =>
    execute(job, 0, { key: `run-on-worker-${request}`, run: undefined, extra });

  it("uses a free slot, else a place of its own", () => {
    const h = new Harness();
    expect(h.messages(run(7), run(8))).toEqual([ran(1, 7, false), ran(2, 8, true)]);
    expect(h.messages(compute(1))).toEqual([]);
    expect(h.event(slotDone(2))).toEqual([send({ op: "run-reply", request: 8, value })]);
    expect(h.event({ kind: "slot-failed", job: 1, error: broken, startMs: 1, endMs: 2 })).toEqual([
      send({ op: "run-reply", request: 7, error: broken }),
      execute(3, 1),
      started(1),
    ]);
  });

  it("waits for its code", () => {
    const h = new Harness();
    expect(h.messages(run(7, 2))).toEqual([{ kind: "load-code", load: 1, bundle }]);
    expect(h.event({ kind: "code-failed", load: 1, error: broken })).toEqual([
      send({ op: "run-reply", request: 7, error: broken }),
    ]);
    h.messages(run(8, 2));
    expect(h.event({ kind: "code-ready", load: 2, path: "/code" })).toEqual([
      { ...ran(1, 8, false), fn: bundledFn, codePath: "/code" },
    ]);
  });
});

describe("the end", () => {
  const stop = (how: "drain" | "now", restart = false) => ({ op: "stop", how, restart, reason: "told to" }) as const;
  const goodbye = send({ op: "goodbye", reason: "told to" });

  it("stops now: goodbye, then the end, then nothing", () => {
    const h = new Harness();
    h.messages(compute(1));
    expect(h.messages(stop("now"))).toEqual([goodbye, { kind: "end-process", end: "stopped", reason: "told to" }]);
    expect(h.event(slotDone(1))).toEqual([]);
  });

  it("drains: starts nothing more, ends with the last that runs", () => {
    const h = new Harness();
    h.messages(compute(1), compute(2));
    expect(h.messages(stop("drain", true))).toEqual([send({ op: "status", status: "retiring" })]);
    expect(h.event(slotDone(1))).toEqual([
      store(2),
      done(2),
      goodbye,
      { kind: "end-process", end: "restart", reason: "told to" },
    ]);
  });

  it("tells the next scheduler that it drains, and the one that takes it back", () => {
    const stopping = { kind: "stop", how: "drain", reason: "test" } as const;
    const afresh = new Harness({ reconnectMs: 0 });
    afresh.messages(compute(1));
    afresh.event(stopping);
    afresh.event({ kind: "disconnected" });
    expect(afresh.event({ kind: "connected" })).toEqual([send({ op: "status", status: "retiring" })]);

    const back = new Harness();
    back.messages(compute(1));
    back.event(stopping);
    back.event({ kind: "disconnected" });
    back.event({ kind: "connected", resuming: true });
    expect(back.messages({ op: "resume", kept: true })).toMatchObject([
      { message: { op: "inventory", status: "retiring" } },
    ]);
  });

  it("ends the process for a stuck slot, and fails the task if it overran its time", () => {
    const h = new Harness();
    h.messages(compute(1, { timeoutMs: 50 }));
    expect(h.event({ kind: "slot-stuck", job: 1, reason: "native code" })).toMatchObject([
      { message: { op: "failed", task: 1, blame: "task", error: { code: "TASK_TIMED_OUT" } } },
      { kind: "log", level: "error" },
      { message: { op: "goodbye" } },
      { kind: "end-process", end: "stuck" },
    ]);
  });

  it("blames nobody for a stuck slot whose task was taken back, or for slots that take no job", () => {
    for (const event of [
      { kind: "slot-stuck", job: 1, reason: "native" },
      { kind: "slots-broken", reason: "none" },
    ] as const) {
      const h = new Harness();
      h.messages(compute(1, { timeoutMs: 50 }));
      h.messages({ op: "cancel", task: t(1), attempt: 1, force: true, reason: "" });
      expect(h.event(event)).toMatchObject([
        { kind: "log", level: "error" },
        { message: { op: "goodbye" } },
        { kind: "end-process", end: "stuck" },
      ]);
    }
  });

  it("tells of what has to end with the process, so that it is counted and not begun again for ever", () => {
    const h = new Harness({ slots: 3 });
    h.messages(compute(1), compute(2), compute(3, { inputs: [{ task: t(9), bytes: 1, addresses: ["ws://b"] }] }));
    h.messages({ op: "cancel", task: t(1), attempt: 1, force: true, reason: "" });
    expect(h.event({ kind: "slot-stuck", job: 1, reason: "native" })).toMatchObject([
      { message: { op: "failed", task: 2, blame: "infrastructure", error: { code: "WORKER_LOST", retryable: true } } },
      { kind: "log", level: "error" },
      { message: { op: "goodbye" } },
      { kind: "end-process", end: "stuck" },
    ]);
  });

  it("drops everything when the next scheduler is another, and begins afresh", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event(slotDone(1));
    h.messages(compute(2), compute(3));
    expect(h.event({ kind: "disconnected" })).toEqual([]);
    expect(h.event({ kind: "connected" })).toEqual([
      { kind: "cancel-execution", job: 2, force: true },
      { kind: "drop", tasks: [t(1)] },
    ]);
    h.define();
    expect(h.messages(compute(3), { op: "cancel", task: t(2), attempt: 1, force: true, reason: "" })).toEqual([]);
    expect(h.event({ kind: "slot-cancelled", job: 2 })).toEqual([execute(3, 3), started(3)]);
  });
});
