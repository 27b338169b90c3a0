import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { silentLogger } from "../../../protocol/logger.ts";
import { Slot, type SlotOptions } from "../../../worker/executor/slot.ts";
import type { SlotEnd, SlotHost, SlotListener } from "../../../worker/executor/slot-host.ts";
import type { SlotEvent, SlotJob } from "../../../worker/executor/slot-job.ts";
import type { ToSlot } from "../../../worker/executor/slot-messages.ts";

/** A thread or process that does only what the test says. */
class FakeHost implements SlotHost {
  readonly pid: number = 1;
  readonly heard: string[] = [];
  readonly listener: SlotListener;
  constructor(listener: SlotListener) {
    this.listener = listener;
  }
  send(message: ToSlot): void {
    this.heard.push(message.kind);
  }
  end(): void {
    this.heard.push("end");
  }
  kill(): boolean {
    this.heard.push("kill");
    return true;
  }
  ready(): void {
    this.listener.message({ kind: "ready", heapLimitBytes: 1 });
  }
  ended(end: Partial<SlotEnd> = {}): void {
    this.listener.ended({ exitCode: 1, signal: null, outOfMemory: false, lastLines: [], ...end });
  }
}

const job = (id: number): SlotJob => ({
  id,
  key: "k",
  attempt: 1,
  fn: { bundle: "b", name: "", entry: "call" },
  codePath: "/b.mjs",
  args: [],
  inputs: [],
  timeoutMs: 0,
});

describe("slot", () => {
  let hosts: (FakeHost | "fails")[];
  let events: SlotEvent[];
  let opening: "works" | "fails";

  const newSlot = (options: Partial<SlotOptions> = {}): Slot =>
    new Slot({
      kind: "process",
      maxHeapBytes: 0,
      worker: { name: "w", address: "" },
      graceMs: 1_000,
      log: silentLogger,
      onEvent: (event) => events.push(event),
      open(_, listener) {
        if (opening === "fails") {
          hosts.push("fails");
          throw new Error("spawn EAGAIN");
        }
        const host = new FakeHost(listener);
        hosts.push(host);
        return host;
      },
      ...options,
    });
  const latest = (): FakeHost => opened(-1);
  const opened = (index: number): FakeHost => {
    const host = hosts.at(index);
    if (host === undefined || host === "fails") throw new Error("no host was opened");
    return host;
  };
  const startedSlot = async (options: Partial<SlotOptions> = {}): Promise<Slot> => {
    const slot = newSlot(options);
    const started = slot.start();
    latest().ready();
    await started;
    return slot;
  };
  /** Lets time pass in steps, each followed by a turn of the event loop. */
  const pass = async (ms: number): Promise<void> => {
    for (let leftMs = ms; leftMs > 0; leftMs -= 500) {
      await vi.advanceTimersByTimeAsync(Math.min(leftMs, 500));
      await new Promise(setImmediate);
    }
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    hosts = [];
    events = [];
    opening = "works";
  });
  afterEach(() => {
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test("the ladder takes its rungs in order, and each only after the grace", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    slot.cancel(true);
    const first = latest();
    expect(first.heard).toEqual(["init", "run", "abort"]);
    await pass(999);
    expect(first.heard).toEqual(["init", "run", "abort"]);
    await pass(1);
    expect(first.heard.slice(3)).toEqual(["end"]);
    await pass(1_000);
    expect(first.heard.slice(3)).toEqual(["end", "kill"]);
    expect(events).toEqual([]);
    first.ended({ signal: "SIGKILL" });
    expect(slot.free).toBe(false);
    expect(events).toEqual([]);
    latest().ready();
    expect(slot.free).toBe(true);
    expect(events).toEqual([{ kind: "cancelled", job: 1 }]);
  });

  test("what does not end is stuck, answered once, and counts again should it end after all", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    slot.cancel(true);
    await pass(60_000);
    expect(events).toMatchObject([
      { kind: "stuck", job: 1, reason: expect.stringContaining('of task "k" could not be ended') },
    ]);
    expect(slot.free).toBe(false);
    opened(0).ended();
    latest().ready();
    expect(slot.free).toBe(true);
    expect(events).toHaveLength(1);
  });

  test("stop does not wait for what is stuck", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    const stopped = slot.stop();
    await pass(60_000);
    await stopped;
    expect(events).toMatchObject([{ kind: "stuck", job: 1 }]);

    const other = await startedSlot();
    other.run(job(2));
    other.cancel(true);
    await pass(60_000);
    await other.stop();
  });

  test("a first start that fails says why", async () => {
    opening = "fails";
    await expect(newSlot().start()).rejects.toMatchObject({
      code: "NOT_STARTED",
      message: "a process for a slot could not be started: spawn EAGAIN",
    });
    opening = "works";
    const slot = newSlot();
    const started = slot.start();
    latest().ended({ exitCode: 9, lastLines: ["bad option"] });
    await expect(started).rejects.toMatchObject({
      message: "a process for a slot ended before it was ready (exit code 9, signal null)",
    });
  });

  test("one that is never ready is ended, and counts as one that failed to start", async () => {
    const slot = newSlot();
    const started = slot.start();
    started.catch(() => {});
    await pass(60_000);
    expect(latest().heard).toEqual(["init", "end"]);
    latest().ended();
    await expect(started).rejects.toThrow("was not ready within 60000 ms");
  });

  test("a replacement that fails is tried again a few times, and then the job's end is told as stuck", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    opening = "fails";
    latest().ended({ exitCode: 3 });
    expect(events).toEqual([]);
    await pass(10_000);
    expect(hosts).toHaveLength(5);
    expect(events).toMatchObject([
      { kind: "stuck", job: 1, reason: expect.stringMatching(/4 times in a row: spawn EAGAIN$/) },
    ]);
    expect(slot.broken?.code).toBe("NOT_STARTED");
    await pass(600_000);
    expect(hosts).toHaveLength(5);
    await slot.stop();
  });

  test("a replacement that works at last answers the job as it ended", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    opening = "fails";
    latest().ended({ exitCode: 3 });
    opening = "works";
    await pass(100);
    latest().ready();
    expect(events).toMatchObject([{ kind: "failed", error: { code: "TASK_EXITED", details: { exitCode: 3 } } }]);
    expect(slot.free).toBe(true);
  });

  test("stop while it waits to try again", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    opening = "fails";
    latest().ended();
    await slot.stop();
    await slot.stop();
    expect(events).toMatchObject([{ kind: "failed", job: 1 }]);
  });

  test("a cancel that finds the job dead and its slot being replaced is still answered", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    latest().ended();
    slot.cancel(true);
    latest().ready();
    expect(events).toEqual([{ kind: "cancelled", job: 1 }]);
  });

  test("loading its code does not count towards a task's timeout, but is limited by it, too", async () => {
    const slot = await startedSlot();
    slot.run({ ...job(1), timeoutMs: 500 });
    await pass(400);
    latest().listener.message({ kind: "started", job: 1, startMs: 0 });
    await pass(400);
    expect(latest().heard).toEqual(["init", "run"]);
    await pass(100);
    expect(latest().heard).toEqual(["init", "run", "abort"]);
    latest().listener.message({ kind: "done", job: 1, value: [], startMs: 0, endMs: 1 });
    expect(events).toMatchObject([{ kind: "started" }, { kind: "failed", error: { code: "TASK_TIMED_OUT" } }]);
    expect(slot.free).toBe(true);
  });

  test("a tainted end is told only when its thread or process has been replaced", async () => {
    const slot = await startedSlot();
    slot.run(job(1));
    const error = { code: "TASK_FAILED", message: "astray", retryable: false } as const;
    latest().listener.message({ kind: "failed", job: 1, error, startMs: 0, endMs: 1, tainted: true });
    expect(opened(0).heard).toContain("end");
    expect(events).toEqual([]);
    opened(0).ended();
    latest().ready();
    expect(events).toEqual([{ kind: "failed", job: 1, error, startMs: 0, endMs: 1 }]);
  });

  describe("a successor that is started while its predecessor is being ended", () => {
    const cancelled = { kind: "cancelled", job: 1 };
    const done = { kind: "done", job: 1, value: [], startMs: 0, endMs: 1 } as const;
    const cancelling = async (): Promise<Slot> => {
      const slot = await startedSlot();
      slot.run(job(1));
      slot.cancel(true);
      return slot;
    };

    test("makes the slot free the moment that the end of its predecessor is certain, and not before", async () => {
      const slot = await cancelling();
      await pass(250);
      expect(hosts).toHaveLength(2);
      latest().ready();
      await pass(1_500);
      expect(opened(0).heard).toContain("end");
      expect([slot.free, events]).toEqual([false, []]);
      opened(0).ended({ signal: "SIGTERM" });
      expect([slot.free, events]).toEqual([true, [cancelled]]);
      slot.run(job(2));
      expect(latest().heard).toEqual(["init", "run"]);
      expect(hosts).toHaveLength(2);
    });

    test("is not started for a task that obeys at once, and ended for one that obeys later", async () => {
      const slot = await cancelling();
      await pass(249);
      opened(0).listener.message(done);
      await pass(5_000);
      expect([slot.free, events, hosts.length]).toEqual([true, [cancelled], 1]);

      slot.run(job(2));
      slot.cancel(true);
      await pass(250);
      opened(0).listener.message({ ...done, job: 2 });
      expect(slot.free).toBe(true);
      expect(opened(1).heard).toEqual(["init", "end"]);
      opened(1).listener.output("stderr", "bye");
      expect(events.at(-1)).toEqual({ kind: "log", job: undefined, stream: "stderr", level: "warn", line: "bye" });
      opened(1).ended();
      expect(slot.free).toBe(true);
    });

    test("is replaced itself when it has died meanwhile", async () => {
      const slot = await cancelling();
      await pass(250);
      latest().ended();
      await pass(750);
      opened(0).ended();
      expect([slot.free, hosts.length]).toEqual([false, 3]);
      latest().ready();
      expect([slot.free, events]).toEqual([true, [cancelled]]);
    });

    test("is done without while nothing can be started", async () => {
      const slot = await cancelling();
      opening = "fails";
      await pass(1_000);
      opening = "works";
      opened(0).ended();
      latest().ready();
      expect([slot.free, events]).toEqual([true, [cancelled]]);
    });

    test("ends with its slot, which is stopped only when both are gone", async () => {
      const slot = await cancelling();
      await pass(250);
      let stopped = false;
      void slot.stop().then(() => {
        stopped = true;
      });
      expect(opened(1).heard).toEqual(["init", "end"]);
      await pass(750);
      opened(0).ended();
      await pass(1);
      expect([stopped, events]).toEqual([false, [cancelled]]);
      opened(1).ended();
      await pass(1);
      expect([stopped, hosts.length]).toEqual([true, 2]);
    });

    test("is not started for a slot that is being stopped", async () => {
      const slot = await startedSlot();
      slot.run(job(1));
      const stopped = slot.stop();
      await pass(1_500);
      opened(0).ended();
      await stopped;
      expect(hosts).toHaveLength(1);
    });
  });

  test("messages about a job that is not there change nothing", async () => {
    const slot = await startedSlot();
    latest().listener.message({ kind: "started", job: 7, startMs: 0 });
    latest().listener.message({ kind: "done", job: 7, value: [], startMs: 0, endMs: 1 });
    expect(events).toEqual([]);
    expect(slot.free).toBe(true);
  });
});
