import { describe, expect, it } from "vitest";
import { taskId } from "../../../protocol/ids.ts";
import type { Assignment, TaskSpec } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const mib = 2 ** 20;

/** Task 1 is done, on worker `id`, with a result of so many bytes. */
function finishFirst(bench: Bench, id: number, bytes: number): void {
  const [{ task, attempt } = { task: taskId(0), attempt: 0 } as Assignment] = bench.assigned(id);
  bench.answer(id, { op: "done", task, attempt, bytes, startMs: 0, endMs: 1000 });
}

/** A chain of two tasks whose second takes what the first made. */
const chain = (extra: Partial<TaskSpec> = {}): TaskSpec[] => [spec(1), spec(2, [1], extra)];

describe("a task whose inputs do not fit", () => {
  it("is refused when they fit nowhere, with the sizes", () => {
    const bench = new Bench().client().worker(1, { memoryLimitBytes: 10 * mib });
    bench.submit(chain());
    finishFirst(bench, 1, 11 * mib);
    expect(bench.assigned(1)).toEqual([]);
    const failed = bench.told().find(({ op }) => op === "failed");
    expect(failed).toMatchObject({
      future: 2,
      error: {
        code: "TOO_LARGE",
        message: expect.stringMatching(/11 MiB.*10 MiB.*"w1"/),
        details: { inputBytes: 11 * mib, limitBytes: 10 * mib, worker: "w1" },
      },
    });
  });

  it("runs where they fit: on a larger worker, or on one without a limit", () => {
    for (const memoryLimitBytes of [20 * mib, 0]) {
      const bench = new Bench().client().worker(1, { memoryLimitBytes: 10 * mib });
      bench.submit(chain());
      bench.worker(2, { memoryLimitBytes });
      finishFirst(bench, 1, 11 * mib);
      expect(bench.assigned(1)).toEqual([]);
      expect(bench.assigned(2).map(({ key }) => key)).toEqual(["inc-2-p"]);
    }
  });

  it("does not stand in the way of others, and waits for a worker that it may run on", () => {
    const bench = new Bench().client().worker(1, { memoryLimitBytes: 10 * mib });
    const requests = [plain, { ...plain, workers: ["w9"] }];
    bench.submit([...chain({ request: 1 }), spec(3), spec(4)], { requests });
    finishFirst(bench, 1, 11 * mib);
    expect(bench.assigned(1).map(({ key }) => key)).toEqual(["inc-4-p"]);
    expect(bench.told().some(({ op }) => op === "failed")).toBe(false);
    bench.worker(9, { memoryLimitBytes: 20 * mib });
    expect(bench.assigned(9).map(({ key }) => key)).toEqual(["inc-2-p"]);
  });

  it("is refused although they would fit on a worker that it may not run on", () => {
    const bench = new Bench()
      .client()
      .worker(1, { memoryLimitBytes: 10 * mib })
      .worker(2, { memoryLimitBytes: 0 });
    bench.submit(chain(), { requests: [{ ...plain, workers: ["w1"] }] });
    finishFirst(bench, 1, 11 * mib);
    expect(bench.told().filter(({ op }) => op === "failed")).toHaveLength(1);
  });
});

describe("a worker that pauses", () => {
  it("keeps what it has begun and gives back the rest, which goes elsewhere", () => {
    const bench = new Bench().client().worker(1);
    bench.submit([spec(1), spec(2)]);
    const [begun, waiting] = bench.assigned(1) as [Assignment, Assignment];
    bench.answer(1, { op: "started", task: begun.task, attempt: 1 });
    bench.answer(1, { op: "status", status: "paused" });
    expect(bench.sent(1)).toMatchObject([{ op: "cancel", task: waiting.task, force: false }]);
    bench.answer(1, { op: "cancelled", task: waiting.task, attempt: 1 });
    bench.submit([spec(3)]);
    expect(bench.assigned(1)).toEqual([]);
    bench.worker(2);
    expect(bench.assigned(2).map(({ task }) => task)).toEqual([waiting.task, taskId(3)]);
    bench.done(1, begun);
    bench.submit([spec(4)]);
    expect(bench.assigned(1, "free")).toEqual([]);
    bench.answer(1, { op: "status", status: "running" });
    expect(bench.assigned(1)).toHaveLength(1);
  });

  it("gets its work back when it goes on and nobody else was there", () => {
    const bench = new Bench().client().worker(1);
    bench.submit([spec(1)]);
    bench.assigned(1);
    bench.answer(1, { op: "status", status: "paused" });
    bench.answer(1, { op: "cancelled", task: taskId(1), attempt: 1 });
    bench.sent(1);
    bench.answer(1, { op: "status", status: "running" });
    expect(bench.assigned(1)).toMatchObject([{ task: 1, attempt: 2 }]);
  });
});

it("a worker that says goodbye as too large makes what it ran suspect, and says why", () => {
  const bench = new Bench().client();
  for (let id = 1; id <= 4; id++) {
    bench.worker(id);
    if (id === 1) bench.submit([spec(1)]);
    const [{ attempt } = { attempt: 0 }] = bench.assigned(id);
    bench.answer(id, { op: "started", task: taskId(1), attempt });
    bench.answer(id, { op: "goodbye", reason: `too large, it ran "inc-1-p"`, suspect: true });
  }
  expect(bench.told().find(({ op }) => op === "failed")).toMatchObject({
    error: { code: "WORKER_LOST", message: expect.stringContaining(`too large, it ran "inc-1-p"`) },
  });
});
