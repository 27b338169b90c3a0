import { expect, test } from "vitest";
import type { Assignment } from "../../../protocol/messages.ts";
import { Bench, spec } from "./bench.ts";

const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => spec(from + i));

test("a run of weight 3 gets three times the slots of a run of weight 1", () => {
  const bench = new Bench().client().worker(1, { slots: 8 });
  bench.say({ op: "share-run", request: 1, run: "heavy", weight: 3, slotsMax: 0 });
  bench.submit(many(1, 100), { run: "light", prefix: "light" });
  bench.submit(many(1001, 100), { run: "heavy", prefix: "heavy" });
  const waiting = bench.assigned(1);
  const counts = { light: 0, heavy: 0 };
  for (let done = 0; done < 80; done++) {
    const next = waiting.shift() as Assignment;
    // The first few were sent before there was any choice.
    if (done >= 20) counts[next.run as "light" | "heavy"]++;
    bench.done(1, next, 500);
    waiting.push(...bench.assigned(1, "free"));
  }
  expect(counts.heavy / counts.light).toBeGreaterThan(2.5);
  expect(counts.heavy / counts.light).toBeLessThan(3.5);
});

test("a run never holds more slots than it may, and explain says so", () => {
  const bench = new Bench().client().worker(1, { slots: 4 });
  bench.say({ op: "share-run", request: 1, run: "capped", weight: 1, slotsMax: 2 });
  bench.submit(many(1, 5), { run: "capped" });
  const running = bench.assigned(1);
  expect(running).toHaveLength(2);
  bench.told();
  bench.say({ op: "explain", request: 2, key: "inc-3-p" });
  expect(bench.told()).toMatchObject([{ value: { state: "queued", reasons: [{ code: "run-at-cap" }] } }]);
  bench.done(1, running[0] as Assignment);
  expect(bench.assigned(1)).toHaveLength(1);
});

test("a share ends with the client that asked for it", () => {
  const bench = new Bench().client(1).client(2).worker(1, { slots: 4 });
  bench.say({ op: "share-run", request: 1, run: "r", weight: 1, slotsMax: 1 }, 2);
  bench.submit(many(1, 4));
  expect(bench.assigned(1)).toHaveLength(1);
  bench.event({ kind: "client-lost", client: 2 as never });
  expect(bench.assigned(1)).toHaveLength(3);
});

test("a cancelled run ends for everybody, leaves other runs alone, and is answered once nothing of it runs", () => {
  const bench = new Bench().client(1).client(2).worker(1, { slots: 3 });
  bench.submit([spec(1), spec(2, [1])], { run: "doomed", prefix: "a" }, 1);
  bench.submit([spec(1)], { run: "doomed", prefix: "b" }, 2);
  bench.submit([spec(2)], { run: "other", prefix: "c" }, 2);
  const running = bench.assigned(1);
  bench.told(1);
  bench.told(2);
  bench.say({ op: "cancel-run", request: 9, run: "doomed", force: true, reason: "enough" }, 2);
  expect(bench.told(1).map(({ op }) => op)).toEqual(["cancelled", "cancelled"]);
  expect(bench.told(2)).toMatchObject([{ op: "cancelled", future: 1 }]);
  const stopped = bench.sent(1);
  expect(stopped).toMatchObject([
    { op: "cancel", force: true, reason: "enough" },
    { op: "cancel", force: true, reason: "enough" },
  ]);
  for (const { task, attempt } of running) {
    if (stopped.some((message) => message.op === "cancel" && message.task === task)) {
      bench.answer(1, { op: "cancelled", task, attempt });
    } else bench.done(1, { task, attempt } as Assignment);
  }
  expect(bench.told(2)).toMatchObject([
    { op: "reply", request: 9 },
    { op: "finished", future: 2 },
  ]);
});
