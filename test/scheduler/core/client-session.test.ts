import { describe, expect, test } from "vitest";
import { clientId, type FutureId, fnId } from "../../../protocol/ids.ts";
import type { Assignment, Submission } from "../../../protocol/messages.ts";
import { Bench, heartbeat, plain, spec } from "./bench.ts";

const session = (resuming: boolean, detach = false) => ({ id: "s", resuming, detach });

class SessionBench extends Bench {
  meet(id: number, resuming: boolean, detach = false): void {
    this.event({ kind: "client-connected", client: clientId(id), name: "c", session: session(resuming, detach) });
    if (!resuming) this.say({ op: "define-fn", fn: fnId(1), ref: { bundle: "b", name: "inc", entry: "call" } }, id);
  }

  cutClient(id: number): void {
    this.event({ kind: "client-disconnected", client: clientId(id) });
  }

  gone(ms: number): void {
    this.nowMs += ms;
    this.answer(1, heartbeat);
    this.event({ kind: "wake" });
  }
}

const submission = (number: number, ...futures: number[]): Submission => ({
  op: "submit",
  submission: number,
  run: "r",
  prefix: "p",
  requests: [plain],
  tasks: futures.map((future) => spec(future)),
});

function bench(detach = false): SessionBench {
  const b = new SessionBench();
  b.worker(1, { slots: 4 });
  b.meet(10, false, detach);
  return b;
}

describe("a client that is cut off", () => {
  test("hears when it is back how each of its futures stands", () => {
    const b = bench();
    b.say(submission(1, 1, 2, 3), 10);
    const [first, second] = b.assigned(1) as [Assignment, Assignment];
    b.done(1, first);
    b.told(10);
    b.cutClient(10);
    b.answer(1, {
      op: "failed",
      task: second.task,
      attempt: 1,
      error: { code: "TASK_FAILED", message: "boom", retryable: false },
      blame: "task",
      startMs: 0,
      endMs: 1,
    });
    b.meet(11, true);
    expect(b.told(11)).toMatchObject([
      { op: "session", kept: true, futures: [1, 2, 3] },
      { op: "finished", future: 1 },
      { op: "failed", future: 2 },
      { op: "pending", future: 3 },
    ]);
    // The late end of the old connection concerns nobody.
    b.cutClient(10);
    b.gone(60_000);
    b.say(submission(2, 4), 11);
    expect(b.told(11)).toMatchObject([{ op: "accepted", submission: 2 }]);
    b.assigned(1);
    b.nothingElse();
  });

  test("says submissions and requests again, and none is acted on twice", () => {
    const b = bench();
    b.say(submission(1, 1), 10);
    b.say({ ...submission(2), tasks: [spec(9, [77])] }, 10);
    b.say({ op: "wait-for-workers", request: 1, count: 1 }, 10);
    b.say({ op: "wait-for-workers", request: 2, count: 2 }, 10);
    b.told(10);
    b.cutClient(10);
    b.meet(11, true);
    b.told(11);
    b.say(submission(1, 1), 11);
    b.say({ ...submission(2), tasks: [spec(9, [77])] }, 11);
    b.say(submission(3, 3), 11);
    b.say({ op: "wait-for-workers", request: 1, count: 1 }, 11);
    b.say({ op: "wait-for-workers", request: 2, count: 2 }, 11);
    expect(b.told(11)).toMatchObject([
      { op: "accepted", submission: 1 },
      { op: "rejected", submission: 2, error: { code: "UNKNOWN_FUTURE" } },
      { op: "accepted", submission: 3 },
      { op: "reply", request: 1 },
    ]);
    b.worker(2);
    expect(b.told(11)).toMatchObject([{ op: "reply", request: 2 }]);
    expect(b.assigned(1)).toHaveLength(2);
  });

  test("is told that an answer is lost which is not kept any more", () => {
    const b = bench();
    for (let request = 1; request <= 100; request++) b.say({ op: "wait-for-workers", request, count: 1 }, 10);
    b.cutClient(10);
    b.meet(11, true);
    b.told(11);
    b.say({ op: "wait-for-workers", request: 1, count: 1 }, 11);
    expect(b.told(11)).toMatchObject([{ request: 1, error: { code: "CONNECTION_LOST" } }]);
  });

  test("loses its futures when its time is over, and hears that its session is not known", () => {
    const b = bench();
    b.say(submission(1, 1), 10);
    const [first] = b.assigned(1) as [Assignment];
    b.done(1, first);
    b.cutClient(10);
    expect(b.core.nextWakeupMs()).toBe(30_000);
    b.gone(29_999);
    expect(b.sent(1)).toEqual([]);
    b.gone(1);
    expect(b.sent(1)).toEqual([{ op: "free", tasks: [first.task] }]);
    b.meet(11, true);
    expect(b.told(11)).toEqual([{ op: "session", kept: false, futures: [] satisfies FutureId[] }]);
  });

  test("is waited for after its goodbye if it detaches, though there is nobody else", () => {
    const b = new SessionBench();
    b.meet(10, false, true);
    b.say({ op: "goodbye", reason: "done" }, 10);
    expect(b.core.nextWakeupMs()).toBeGreaterThan(0);
  });

  test("is not waited for after a goodbye, unless it detaches", () => {
    for (const detach of [false, true]) {
      const b = bench(detach);
      b.say(submission(1, 1), 10);
      const [first] = b.assigned(1) as [Assignment];
      b.done(1, first);
      b.say({ op: "goodbye", reason: "" }, 10);
      b.cutClient(10);
      if (detach) {
        b.gone(3_599_999);
        expect(b.sent(1)).toEqual([]);
        b.gone(1);
      }
      expect(b.sent(1)).toEqual([{ op: "free", tasks: [first.task] }]);
    }
  });
});
