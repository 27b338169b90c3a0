import { runInThisContext } from "node:vm";
import { expect, test } from "vitest";
import { identify } from "../../../client/code/identify.ts";
import { task, throughEntry } from "../../../client/task.ts";
import { stateSummary } from "../../../flow/own-tasks.ts";
import { withScope } from "../../../protocol/task-registry.ts";
import { makeAdder } from "../modules/factory.ts";
import { boom, shifted, tripled } from "../modules/sums.ts";
import { twin } from "../modules/twins/one.ts";

test("tasks of one module share its bundle, and are told apart by name and entry", async () => {
  const [one, two, entered] = await Promise.all([tripled, boom, throughEntry(shifted, "flow")].map(identify));
  expect(one?.ref).toEqual({ bundle: one?.bundle?.hash, name: "tripled", entry: "call" });
  expect(two?.ref).toEqual({ bundle: one?.bundle?.hash, name: "boom", entry: "call" });
  expect(entered?.ref).toEqual({ bundle: one?.bundle?.hash, name: "shifted", entry: "flow" });
});

test("two tasks of one name in what becomes one bundle are refused, with both places", async () => {
  await expect(identify(twin)).rejects.toMatchObject({
    code: "DUPLICATE_TASK",
    message: expect.stringMatching(/"twin".*twins\/(one|two)\.ts:\d+.*twins\/(one|two)\.ts:\d+/),
  });
});

test("a place that makes several tasks of one name is refused", async () => {
  const three = makeAdder(3);
  makeAdder(4);
  await expect(identify(three)).rejects.toMatchObject({
    code: "DUPLICATE_TASK",
    message: expect.stringMatching(/"adder" is made more than once at .*factory\.ts:\d+/),
  });
  expect(three.run(1)).toBe(4);
});

test("Muster's own tasks, and those that came in a bundle, need no upload", async () => {
  expect(await identify(stateSummary)).toEqual({ ref: { bundle: "muster", name: "stateSummary", entry: "call" } });
  const arrived = await withScope("0123abcd", async () => task("arrived", () => 1));
  expect(await identify(arrived)).toEqual({ ref: { bundle: "0123abcd", name: "arrived", entry: "call" } });
});

test("a task of code that has no file says so", async () => {
  const made = runInThisContext('(task) => task("typed-in", () => 1)')(task);
  await expect(identify(made)).rejects.toMatchObject({
    code: "BUNDLE_FAILED",
    message: expect.stringContaining('task "typed-in" was defined in'),
  });
});

test("inline functions of equal text are one", async () => {
  const make = () => (x: number) => x + 1;
  const [one, two, other] = await Promise.all([make(), make(), (x: number) => x + 2].map(identify));
  expect(one?.ref).toEqual({ bundle: one?.bundle?.hash, name: "", entry: "call" });
  expect(two).toBe(one);
  expect(other?.ref.bundle).not.toBe(one?.ref.bundle);
});
