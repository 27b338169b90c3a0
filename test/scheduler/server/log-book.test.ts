import { expect, test } from "vitest";
import type { LogLine } from "../../../protocol/record.ts";
import { LogBook } from "../../../scheduler/server/log-book.ts";

function line(text: string, rest: Partial<LogLine> = {}): LogLine {
  return { atMs: 1, level: "info", source: "worker", worker: "w", text, ...rest };
}

const texts = (lines: readonly LogLine[]): string[] => lines.map(({ text }) => text);

test("lines come back in the order in which they came, whoever wrote them, and only the last ones", () => {
  const book = new LogBook();
  book.add(line("a", { worker: "one" }));
  book.add(line("b", { worker: undefined, source: "scheduler" }));
  book.add(line("c", { worker: "two" }));
  book.add(line("d", { worker: "one" }));
  expect(texts(book.recent({ limit: 10 }))).toEqual(["a", "b", "c", "d"]);
  expect(texts(book.recent({ limit: 2 }))).toEqual(["c", "d"]);
  expect(book.recent({ limit: 0 })).toEqual([]);
  expect(texts(book.recent({ text: "C", limit: 10 }))).toEqual(["c"]);
  expect(book.recent({ source: "scheduler", limit: 10 }).every(({ source }) => source === "scheduler")).toBe(true);
});

test("they are found by run, worker, task and level", () => {
  const book = new LogBook();
  book.add(line("own", { worker: "one" }));
  book.add(line("x", { worker: "one", source: "task", run: "r", key: "k", level: "debug" }));
  book.add(line("y", { worker: "two", source: "task", run: "r", key: "l", level: "error" }));
  book.add(line("z", { worker: "two", source: "task", run: "s", key: "k" }));
  expect(texts(book.recent({ run: "r", limit: 10 }))).toEqual(["x", "y"]);
  expect(texts(book.recent({ worker: "two", limit: 10 }))).toEqual(["y", "z"]);
  expect(texts(book.recent({ key: "k", limit: 10 }))).toEqual(["x", "z"]);
  expect(texts(book.recent({ run: "r", key: "k", worker: "one", limit: 10 }))).toEqual(["x"]);
  expect(texts(book.recent({ level: "info", limit: 10 }))).toEqual(["own", "y", "z"]);
  expect(texts(book.recent({ level: "error", limit: 10 }))).toEqual(["y"]);
  expect(book.recent({ worker: "gone", limit: 10 })).toEqual([]);
});

test("a worker that writes without end pushes out its own lines, not those of a quiet one", () => {
  const book = new LogBook({ linesMax: 100 });
  book.add(line("the one thing to know", { worker: "quiet" }));
  for (let index = 0; index < 1_000; index++) book.add(line(`noise ${index}`, { worker: "loud" }));
  const kept = texts(book.recent({ limit: 1_000 }));
  expect(kept[0]).toBe("the one thing to know");
  expect(kept.at(-1)).toBe("noise 999");
  expect(kept.length).toBeLessThanOrEqual(100);
  expect(kept.length).toBeGreaterThan(80);
});

test("long lines are bounded by the memory that they take", () => {
  const book = new LogBook({ bytesMax: 1_000_000 });
  const long = "x".repeat(10_000);
  for (let index = 0; index < 200; index++) book.add(line(long));
  const kept = book.recent({ limit: 1_000 });
  expect(kept.length).toBeLessThanOrEqual(50);
  expect(kept.length).toBeGreaterThan(40);
});
