import { describe, expect, it } from "vitest";
import {
  arrived,
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
  stored,
  t,
  transferred,
  value,
} from "./harness.ts";

const a = "ws://a:1";
const b = "ws://b:1";
const unreachable = (task: number, ...addresses: string[]) =>
  send({ op: "unreachable-input", task: t(task), addresses });

const give = (task: number) => ({ op: "give-back", task: t(task), attempt: 1 }) as const;

describe("gathering inputs", () => {
  it("fetches what is missing, keeps and reports the copies, then runs", () => {
    const h = new Harness();
    expect(h.messages(compute(3, { inputs: [input(1, [a]), input(2, [a])] }))).toEqual([fetch(1, a, 1, 2)]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1, 2) })).toEqual([
      transferred(a, 2),
      store(1),
      stored(1),
      store(2),
      stored(2),
      execute(1, 3, { inputs: [t(1), t(2)] }),
      started(3),
    ]);
  });

  it("uses a result that it made itself", () => {
    const h = new Harness();
    h.messages(compute(1));
    h.event(slotDone(1));
    expect(h.messages(compute(2, { inputs: [input(1, [a])] }))).toEqual([
      execute(2, 2, { inputs: [t(1)] }),
      started(2),
    ]);
  });

  it("waits for what is being made here without asking anybody", () => {
    const h = new Harness({ slots: 2 });
    expect(h.messages(compute(1), compute(2, { inputs: [input(1, [])] }))).toEqual([execute(1, 1), started(1)]);
    expect(h.event(slotDone(1))).toEqual([store(1), done(1), execute(2, 2, { inputs: [t(1)] }), started(2)]);
  });

  it("asks for what was to be made here if that comes to nothing", () => {
    const h = new Harness({ slots: 1 });
    h.messages(compute(9));
    h.messages(compute(1), compute(2, { inputs: [input(1, [])] }));
    expect(h.messages(give(1))).toEqual([unreachable(1), cancelled(1)]);
    expect(h.messages({ op: "holders", task: t(1), addresses: [a] })).toEqual([fetch(1, a, 1)]);
  });

  it("fetches an input once for all that want it, and asks a peer for many at a time", () => {
    const h = new Harness({ slots: 3 });
    expect(
      h.messages(
        compute(10, { inputs: [input(1, [a])] }),
        compute(11, { inputs: [input(1, [a]), input(2, [a])] }),
        compute(12, { inputs: [input(3, [b])] }),
      ),
    ).toEqual([fetch(1, a, 1, 2), fetch(2, b, 3)]);
    expect(h.messages(compute(13, { inputs: [input(1, [a])] }))).toEqual([]);
  });

  it("bounds a request by bytes and a peer by requests", () => {
    const h = new Harness();
    const mb = 1_000_000;
    expect(
      h.messages(
        compute(9, {
          inputs: [input(1, [a], 40 * mb), input(2, [a], 40 * mb), input(3, [a], 10 * mb), input(4, [a], 90 * mb)],
        }),
      ),
    ).toEqual([fetch(1, a, 1), fetch(2, a, 2, 3)]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1) })).toEqual([
      transferred(a, 1),
      store(1),
      stored(1),
      fetch(3, a, 4),
    ]);
  });

  it("tells how long a peer took to give what it gave, and nothing of one that gave nothing", () => {
    const h = new Harness();
    h.messages(compute(9, { inputs: [input(1, [a]), input(2, [a]), input(3, [b])] }));
    h.nowMs += 250;
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1, 2) })[0]).toEqual(
      transferred(a, 2, h.nowMs - 250, h.nowMs),
    );
    expect(h.event({ kind: "fetched", fetch: 2, values: arrived() })).toEqual([unreachable(3, b)]);
  });

  it("goes on with an input that was lost elsewhere and made again here", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [])] }));
    h.messages(compute(1, { attempt: 2 }));
    expect(h.event(slotDone(1))).toEqual([store(1), done(1, 2), execute(2, 2, { inputs: [t(1)] }), started(2)]);
  });

  it("asks for what the most urgent task needs first", () => {
    const h = new Harness();
    const mb = 60_000_000;
    const wants = [3, 2, 1].map((task) => compute(10 + task, { priority: [task], inputs: [input(task, [a], mb)] }));
    expect(h.messages(...wants)).toEqual([fetch(1, a, 1), fetch(2, a, 2)]);
  });

  it("tries another holder when one does not have it", () => {
    const h = new Harness();
    expect(h.messages(compute(2, { inputs: [input(1, [a, b])] }))).toEqual([fetch(1, a, 1)]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived() })).toEqual([fetch(2, b, 1)]);
  });

  it("asks the scheduler once when no holder is left, and goes on with those it names", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [a])] }));
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived() })).toEqual([unreachable(1, a)]);
    expect(h.messages(compute(3, { inputs: [input(1, [a])] }))).toEqual([]);
    expect(h.messages({ op: "holders", task: t(1), addresses: [] })).toEqual([]);
    expect(h.messages({ op: "holders", task: t(1), addresses: [b] })).toEqual([fetch(2, b, 1)]);
  });

  it("takes what else it wanted of an unreachable peer elsewhere at once, and names that peer no sooner than after a pause", () => {
    const h = new Harness();
    const mb = 60_000_000;
    h.messages(compute(9, { inputs: [input(1, [a], mb), input(2, [a], mb), input(3, [a, b], mb)] }));
    expect(h.event({ kind: "fetch-unreachable", fetch: 1 })).toEqual([
      { kind: "log", level: "warn", fields: { address: a }, message: expect.any(String) },
      unreachable(1, a),
    ]);
    h.event({ kind: "fetch-unreachable", fetch: 2 });
    expect(h.messages({ op: "holders", task: t(1), addresses: [a] })).toEqual([]);
    const wakeMs = h.core.nextWakeupMs() ?? 0;
    expect(wakeMs).toBeGreaterThan(h.nowMs);
    h.nowMs = wakeMs;
    expect(h.event({ kind: "wake" })).toEqual([fetch(4, a, 1)]);
  });

  it("asks others while a holder is busy, and the busy one again later", () => {
    const h = new Harness();
    h.messages(compute(9, { inputs: [input(1, [a, b])] }), compute(8, { inputs: [input(2, [a])] }));
    expect(h.event({ kind: "fetch-busy", fetch: 1, retryMs: 20 })).toEqual([fetch(2, b, 1)]);
    expect(h.core.nextWakeupMs()).toBe(h.nowMs + 20);
    h.nowMs += 20;
    expect(h.event({ kind: "wake" })).toEqual([fetch(3, a, 2)]);
    expect(h.core.nextWakeupMs()).toBeUndefined();
  });

  it("gathers again what was freed while the task stood in the queue", () => {
    const h = new Harness();
    h.event({ kind: "put", task: t(1), value, bytes: 1 });
    h.messages(compute(5));
    h.messages(compute(6, { inputs: [input(1, [a])] }), { op: "free", tasks: [t(1)] });
    expect(h.event(slotDone(1))).toEqual([store(5), done(5), fetch(1, a, 1)]);
  });

  it("wants nothing for a task that was cancelled; an answer that comes anyway is dropped", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [a])] }));
    expect(h.messages({ op: "cancel", task: t(2), attempt: 1, force: true, reason: "" })).toEqual([cancelled(2)]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1) })).toEqual([transferred(a, 1)]);
  });

  it("keeps an input that is on its way for the next that wants it", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [a])] }));
    h.messages({ op: "cancel", task: t(2), attempt: 1, force: true, reason: "" });
    expect(h.messages(compute(3, { inputs: [input(1, [a])] }))).toEqual([]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1) })).toEqual([
      transferred(a, 1),
      store(1),
      stored(1),
      execute(1, 3, { inputs: [t(1)] }),
      started(3),
    ]);
  });

  it("ignores an answer to a fetch of a task that went with its scheduler", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [a])] }));
    h.event({ kind: "disconnected" });
    h.event({ kind: "connected" });
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1) })).toEqual([]);
  });
});

describe("copies", () => {
  it("makes one when asked, and says that it holds one already", () => {
    const h = new Harness();
    expect(h.messages({ op: "replicate", inputs: [input(1, [a])] })).toEqual([fetch(1, a, 1)]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1) })).toEqual([
      transferred(a, 1),
      store(1),
      stored(1),
    ]);
    expect(h.messages({ op: "replicate", inputs: [input(1, [a])] })).toEqual([stored(1)]);
  });

  it("drops on arrival what was freed on its way, unless a task here wants it", () => {
    const h = new Harness();
    h.messages({ op: "replicate", inputs: [input(1, [a]), input(2, [a])] }, compute(9, { inputs: [input(2, [a])] }));
    expect(h.messages({ op: "free", tasks: [t(1), t(2)] })).toEqual([]);
    expect(h.event({ kind: "fetched", fetch: 1, values: arrived(1, 2) })).toEqual([
      transferred(a, 2),
      store(2),
      stored(2),
      execute(1, 9, { inputs: [t(2)] }),
      started(9),
    ]);
  });

  it("takes what a client puts, also for those that wait for it", () => {
    const h = new Harness();
    h.messages(compute(2, { inputs: [input(1, [])] }));
    expect(h.event({ kind: "put", task: t(1), value, bytes: 1 })).toEqual([
      store(1),
      stored(1),
      execute(1, 2, { inputs: [t(1)] }),
      started(2),
    ]);
  });

  it("drops what is freed, ignores what it does not hold", () => {
    const h = new Harness();
    h.event({ kind: "put", task: t(1), value, bytes: 1 });
    expect(h.messages({ op: "free", tasks: [t(1), t(2)] })).toEqual([{ kind: "drop", tasks: [t(1)] }]);
  });
});
