import { expect, test } from "vitest";
import { Bench, spec } from "./bench.ts";
import { VirtualWorkers } from "./virtual-workers.ts";

test("a run of 10 tasks that comes after one of 100,000 ends within 10 task lengths, at no slot's expense", () => {
  const bench = new Bench().client().worker(1).worker(2);
  const workers = new VirtualWorkers(bench, [1, 2]);
  bench.checking = false;
  bench.submit(
    Array.from({ length: 100_000 }, (_, i) => spec(i + 1)),
    { run: "long", prefix: "long" },
  );
  let done = 0;
  workers.run(10, () => ++done === 20);
  const arrivedMs = bench.nowMs;
  bench.submit(
    Array.from({ length: 10 }, (_, i) => spec(200_001 + i)),
    { run: "short", prefix: "short" },
  );
  let left = 10;
  let others = 0;
  workers.run(10, (key) => {
    if (key.endsWith("short")) left--;
    else others++;
    return left === 0;
  });
  expect(left).toBe(0);
  // What was running and what had been sent ahead when it came is the round trip.
  const tookMs = bench.nowMs - arrivedMs;
  expect(tookMs).toBeLessThanOrEqual((10 + 2) * 10);
  // The long run lost the slots' time that the short one took, and none besides; one task may have ended and not be counted.
  expect(others + 10).toBeGreaterThanOrEqual((2 * tookMs) / 10 - 1);
  bench.core.checkInvariants();
});

test("a wide reduction of 32 chains of 50 on 8 slots never has more than 2 leaves alive per slot", () => {
  const slots = 8;
  const ids = Array.from({ length: slots }, (_, i) => i + 1);
  const bench = new Bench().client();
  for (const id of ids) bench.worker(id);
  const chains = Array.from({ length: 32 }, (_, chain) =>
    Array.from({ length: 50 }, (_, step) =>
      spec(chain * 50 + step + 1, step === 0 ? [] : [chain * 50 + step], { wanted: false }),
    ),
  );
  const ends = chains.map((_, chain) => chain * 50 + 50);
  bench.submit([...chains.flat(), spec(9999, ends)]);

  const alive = new Set<number>();
  let most = 0;
  let total = false;
  new VirtualWorkers(bench, ids).run(10, (key) => {
    const number = Number(key.split("-")[1]);
    total ||= number === 9999;
    // A leaf is alive from its end until the next of its chain has taken it in.
    if (number % 50 === 1) alive.add(number);
    else alive.delete(number - 1);
    most = Math.max(most, alive.size);
    return false;
  });
  expect(total).toBe(true);
  expect(most).toBeLessThanOrEqual(2 * slots);
});
