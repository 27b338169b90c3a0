import { expect, test } from "vitest";
import type { Explanation } from "../../../protocol/explanation.ts";
import { futureId } from "../../../protocol/ids.ts";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, plain, spec } from "./bench.ts";

const first = (assignments: readonly Assignment[]): Assignment => assignments[0] as Assignment;
const bound = { requests: [{ ...plain, workers: ["w1"] }] };

/** A task whose running attempt was cancelled, and is left to end by itself; and which is then wanted again. */
function cancelledAndRetried(bench: Bench): Assignment {
  const attempt = first(bench.assigned(1));
  bench.answer(1, { op: "started", task: attempt.task, attempt: 1 });
  bench.answer(1, { op: "lent", task: attempt.task, attempt: 1 });
  bench.say({ op: "cancel", request: 1, futures: [futureId(1)], force: false, reason: "enough" });
  bench.say({ op: "retry", request: 2, futures: [futureId(1)] });
  return attempt;
}

const reasonsOf = (bench: Bench): string[] => {
  bench.told();
  bench.say({ op: "explain", request: 9, key: "parent" });
  const answer = bench.told().find((message) => message.op === "reply");
  const { reasons = [] } = (answer?.value ?? {}) as Partial<Explanation>;
  return reasons.map(({ code }) => code);
};

test("the next attempt is not sent to where the one before is being stopped: there it would hold a place, and wait", () => {
  const bench = new Bench().client().worker(1, { slots: 2 });
  bench.say({ op: "share-run", request: 8, run: "r", weight: 1, slotsMax: 1 });
  bench.submit([spec(1, [], { key: "parent" })], bound);
  const attempt = cancelledAndRetried(bench);
  expect(bench.assigned(1, "cancel")).toEqual([]);
  expect(reasonsOf(bench)).toEqual(["being-stopped"]);
  // What the attempt that is being stopped waits for gets the run's only slot, though it comes after.
  bench.submit([spec(2, [], { key: "child" })], bound);
  const child = first(bench.assigned(1));
  expect(child.key).toBe("child");
  bench.done(1, child);
  bench.answer(1, { op: "cancelled", task: attempt.task, attempt: 1 });
  expect(bench.assigned(1)).toMatchObject([{ key: "parent", attempt: 2 }]);
});

test("another worker may begin it at once", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { key: "parent" })]);
  cancelledAndRetried(bench);
  bench.worker(2);
  expect(bench.assigned(2)).toMatchObject([{ key: "parent", attempt: 2 }]);
});

test("a worker that is lost stops nothing any more", () => {
  const bench = new Bench().client().worker(1);
  bench.submit([spec(1, [], { key: "parent" })]);
  cancelledAndRetried(bench);
  bench.lose(1);
  bench.worker(3, { name: "w1" });
  expect(bench.assigned(3)).toMatchObject([{ key: "parent", attempt: 2 }]);
});
