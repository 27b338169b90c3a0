import { expect, test } from "vitest";
import { logLinesMax } from "../../../protocol/log-limits.ts";
import type { WorkerLogLine } from "../../../protocol/record.ts";
import { LogOutbox } from "../../../worker/agent/log-outbox.ts";

const line = (text: string): WorkerLogLine => ({ atMs: 0, level: "info", source: "task", key: "k", text });
const texts = (lines: readonly WorkerLogLine[]): string[] => lines.map(({ text }) => text);

function connectedOutbox(): LogOutbox {
  const outbox = new LogOutbox();
  outbox.connected(true, 0);
  return outbox;
}

test("what comes now and then leaves in order, and nothing is left out", () => {
  const outbox = connectedOutbox();
  expect(outbox.isEmpty).toBe(true);
  for (let round = 0; round < 100; round++) {
    for (let index = 0; index < 40; index++) outbox.add(line(`${round}.${index}`), round * 100);
    expect(outbox.isEmpty).toBe(false);
    expect(texts(outbox.take(round * 100 + 99))).toEqual(Array.from({ length: 40 }, (_, index) => `${round}.${index}`));
  }
  expect(outbox.isEmpty).toBe(true);
});

test("a flood passes as far as there is room; then one line says how many are missing, where they are", () => {
  const outbox = connectedOutbox();
  for (let index = 0; index < 10_000; index++) outbox.add(line(`${index}`), 0);
  const first = outbox.take(0);
  expect(first.length).toBeLessThanOrEqual(logLinesMax);
  expect(texts(first)).toEqual(Array.from({ length: first.length }, (_, index) => `${index}`));
  // A little later there is room for a few, but a line for each of them would be about those that are not there.
  outbox.add(line("too soon"), 100);
  expect(outbox.take(100)).toEqual([]);
  expect(outbox.isEmpty).toBe(false);
  outbox.add(line("later"), 2_000);
  expect(texts(outbox.take(2_000))).toEqual([expect.stringMatching(`^\\(${10_001 - first.length} lines are`), "later"]);
  expect(outbox.isEmpty).toBe(true);
});

test("over a long time, a flood is a few hundred lines a second and a line a second about the rest", () => {
  const outbox = connectedOutbox();
  let sent = 0;
  let told = 0;
  let notices = 0;
  const total = 60_000;
  for (let index = 0; index < total; index++) {
    const nowMs = index;
    outbox.add(line("x"), nowMs);
    if (index % 100 !== 99) continue;
    for (const { text } of outbox.take(nowMs)) {
      const missing = /^\((\d+) lines? /.exec(text)?.[1];
      if (missing === undefined) sent += 1;
      else {
        notices += 1;
        told += Number(missing);
      }
    }
  }
  for (const { text } of outbox.take(total, true)) told += Number(/^\((\d+) /.exec(text)?.[1] ?? 0);
  expect(sent + told).toBe(total);
  expect(sent).toBeLessThan(60 * 500 + logLinesMax);
  expect(notices).toBeLessThanOrEqual(60);
});

test("long lines count by their length", () => {
  const outbox = connectedOutbox();
  const long = "x".repeat(16_000);
  for (let index = 0; index < 1_000; index++) outbox.add(line(long), 0);
  const taken = outbox.take(0);
  expect(taken.length).toBeGreaterThan(100);
  expect(taken.length).toBeLessThan(140);
});

test("while nothing can be sent, only so many lines are kept, however long that takes", () => {
  const outbox = connectedOutbox();
  outbox.add(line("before"), 0);
  expect(texts(outbox.take(0))).toEqual(["before"]);
  outbox.connected(false, 0);
  for (let index = 0; index < 10_000; index++) outbox.add(line(`${index}`), index * 1_000);
  outbox.connected(true, 1e7);
  const kept = texts(outbox.take(1e7));
  expect(kept[0]).toBe("0");
  expect(kept.length).toBeLessThanOrEqual(logLinesMax);
  expect(texts(outbox.take(1e7 + 1_000))).toEqual([expect.stringMatching(`^\\(${10_000 - kept.length} lines`)]);
});

test("at the end what is missing is said at once", () => {
  const outbox = connectedOutbox();
  for (let index = 0; index < 10_000; index++) outbox.add(line(`${index}`), 0);
  expect(texts(outbox.take(0, true)).at(-1)).toMatch(/^\(\d+ lines are left out here/);
});
