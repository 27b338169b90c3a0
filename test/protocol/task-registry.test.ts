import { afterEach, expect, test } from "vitest";
import { ClusterError } from "../../protocol/errors.ts";
import {
  bundleOfTask,
  findTask,
  importingInSlot,
  isOwnFile,
  isRepeated,
  registerTask,
  type TaskDefinition,
  tasksOfFile,
  withScope,
} from "../../protocol/task-registry.ts";

const definition = (name: string, file: string, line: number): TaskDefinition => ({
  name,
  fn: () => undefined,
  file,
  line,
  task: {},
});

afterEach(() => {
  expect(importingInSlot()).toBe(false);
});

test("tasks of a file are found by the file", () => {
  const one = definition("one", "/a/one.ts", 1);
  const two = definition("two", "/a/one.ts", 2);
  registerTask(one);
  registerTask(two);
  registerTask(definition("one", "/a/other.ts", 1));
  expect(tasksOfFile("/a/one.ts")).toEqual([one, two]);
  expect(bundleOfTask(one)).toBeUndefined();
});

test("two places that give one name in one file are both named", () => {
  registerTask(definition("twin", "/b/twins.ts", 3));
  expect(() => registerTask(definition("twin", "/b/twins.ts", 9))).toThrow(
    expect.objectContaining({
      code: "DUPLICATE_TASK",
      message: expect.stringMatching(/"twin".*\/b\/twins\.ts:3.*\/b\/twins\.ts:9/),
    }),
  );
});

test("one place that makes a task again marks both, and throws nothing yet", () => {
  const first = definition("again", "/c/factory.ts", 3);
  const second = definition("again", "/c/factory.ts", 3);
  registerTask(first);
  expect(isRepeated(first)).toBe(false);
  registerTask(second);
  expect([isRepeated(first), isRepeated(second)]).toEqual([true, true]);
});

test("while a slot imports a module, its tasks belong to the bundle", async () => {
  const loaded = await withScope("hash-1", async () => {
    expect(importingInSlot()).toBe(true);
    await Promise.resolve();
    registerTask(definition("inside", "/slot/hash-1.mjs", 7));
    return "module";
  });
  expect(loaded).toBe("module");
  const inside = findTask("hash-1", "inside");
  expect(inside?.line).toBe(7);
  expect(bundleOfTask(inside as TaskDefinition)).toBe("hash-1");
  expect(findTask("hash-2", "inside")).toBeUndefined();
});

test("loads run one after another, and one that fails lets the next begin", async () => {
  const order: string[] = [];
  const failing = withScope("f", async () => {
    order.push("first in");
    await new Promise((resolve) => setImmediate(resolve));
    order.push("first out");
    throw new ClusterError("CODE_FAILED", "no such module");
  });
  const next = withScope("n", async () => {
    order.push("second in");
    registerTask(definition("late", "/x", 1));
  });
  await expect(failing).rejects.toThrow("no such module");
  await next;
  expect(order).toEqual(["first in", "first out", "second in"]);
  expect(findTask("n", "late")).toBeDefined();
});

test("modules of ours are told from examples and tests that lie beside them", () => {
  const root = new URL("../../", import.meta.url).pathname;
  expect(isOwnFile(`${root}flow/merge.ts`)).toBe(true);
  expect(isOwnFile(`${root}index.js`)).toBe(true);
  expect(isOwnFile(`${root}examples/flights.flow.ts`)).toBe(false);
  expect(isOwnFile(`${root}test/client/task.test.ts`)).toBe(false);
  expect(isOwnFile("/elsewhere/flow/x.ts")).toBe(false);
  const own = definition("muster.own", `${root}flow/own.ts`, 1);
  registerTask(own);
  expect(findTask("muster", "muster.own")).toBe(own);
  expect(bundleOfTask(own)).toBe("muster");
});
