import { expect, test } from "vitest";
import { silentLogger } from "../../protocol/logger.ts";
import { runInContext, type TaskContext, taskContext } from "../../protocol/task-context.ts";

const context = (key: string): TaskContext => ({
  key,
  attempt: 0,
  signal: new AbortController().signal,
  worker: { name: "w", address: "ws://127.0.0.1:1" },
  log: silentLogger,
  client: () => Promise.reject(new Error("none")),
});

test("a task sees its own context, also after it awaited", async () => {
  const keyLater = async (): Promise<string> => {
    await new Promise((resolve) => setImmediate(resolve));
    return taskContext().key;
  };
  const keys = await Promise.all([runInContext(context("a"), keyLater), runInContext(context("b"), keyLater)]);
  expect(keys).toEqual(["a", "b"]);
});

test("outside a task there is none", () => {
  expect(() => taskContext()).toThrow(expect.objectContaining({ code: "NOT_STARTED" }));
});
