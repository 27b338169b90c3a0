import { expect, test } from "vitest";
import { packParts } from "../../client/submission-parts.ts";
import type { ReadyTask } from "../../client/submissions.ts";
import { fnId, futureId } from "../../protocol/ids.ts";

const request = { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 };

function ready(future: number, deps: readonly number[], more: Partial<ReadyTask> = {}): ReadyTask {
  return {
    future: futureId(future),
    fn: () => undefined,
    fnId: fnId(1),
    args: [new Uint8Array(1000)],
    deps: deps.map(futureId),
    request,
    key: undefined,
    wanted: true,
    run: "r",
    holds: [],
    ...more,
  };
}

const futuresOf = (parts: ReturnType<typeof packParts>["parts"]): number[][] =>
  parts.map(({ tasks }) => tasks.map(({ future }) => future));

test("what is too much for one frame is sent in several, and inputs are kept until all were sent", () => {
  const tasks = [ready(1, [], { wanted: false }), ready(2, [1], { wanted: false }), ready(3, [1, 2]), ready(4, [3])];
  const { parts, released } = packParts(tasks, 2_500);
  expect(futuresOf(parts)).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(parts.flatMap((part) => part.tasks.map(({ wanted }) => wanted))).toEqual([true, true, true, true]);
  expect(released).toEqual([1, 2]);
  expect(packParts(tasks).released).toEqual([]);
});

test("a change of run begins a new submission, so that inputs still come first", () => {
  const { parts } = packParts([ready(1, []), ready(2, [1], { run: "s" }), ready(3, [2])]);
  expect(parts.map(({ run }) => run)).toEqual(["r", "s", "r"]);
  expect(futuresOf(parts)).toEqual([[1], [2], [3]]);
});

test("requests that are equal are stated once, also when they are not the same object", () => {
  const { parts } = packParts([
    ready(1, []),
    ready(2, [], { request: { ...request } }),
    ready(3, [], { request: { ...request, retries: 1 } }),
  ]);
  expect(parts[0]?.requests).toEqual([request, { ...request, retries: 1 }]);
  expect(parts[0]?.tasks.map((task) => task.request)).toEqual([0, 0, 1]);
});
