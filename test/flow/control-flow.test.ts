import { expect, test } from "vitest";
import { task } from "../../client/task.ts";
import type { RunState } from "../../flow/index.ts";
import { flow, merge, parameter, resource, switchOn, when } from "../../flow/index.ts";
import { FarExecutor } from "./far-executor.ts";
import { boom, echo, inc, skip } from "./tasks.ts";

const types = (states: ReadonlyMap<string, RunState>): Record<string, string> =>
  Object.fromEntries([...states].map(([name, state]) => [name, state.type]));
const run = (body: () => unknown, parameters = {}) =>
  flow("controlled", body).run({ executor: new FarExecutor(), parameters, fetch: "all" });

test("when() skips what is called in it, and what follows from that, unless its condition holds", async () => {
  const body = (): void => {
    const big = parameter("big", false);
    const result = when(big, () => inc(inc(1)));
    echo(result);
  };
  expect(types((await run(body)).result)).toMatchObject({ inc: "Skipped", "inc-2": "Skipped", echo: "Skipped" });
  expect((await run(body, { big: true })).resultOf(echo)).toBe(3);
});

test("switchOn() runs one branch, and merge() takes its result", async () => {
  const body = (): void => {
    const branches = switchOn(parameter("colour", "red"), {
      red: () => inc(1),
      blue: () => inc(10),
      3: () => inc(100),
    });
    echo(merge(branches.red, branches.blue, branches[3]));
  };
  expect((await run(body)).resultOf(echo)).toBe(2);
  expect((await run(body, { colour: "blue" })).resultOf(echo)).toBe(11);
  expect((await run(body, { colour: 3 })).resultOf(echo)).toBe(101);
  const none = await run(body, { colour: "green" });
  expect(types(none.result)).toMatchObject({ merge: "Skipped", echo: "Skipped" });
});

test("merge() goes by the order of its arguments, keeps undefined, and fails with a branch", async () => {
  expect((await run(() => merge(echo(undefined), inc(1)))).resultOf("merge")).toBeUndefined();
  expect((await run(() => merge(skip(), inc(1)))).resultOf("merge")).toBe(2);
  expect((await run(() => merge(inc.map([1, 2]), inc(1) as never))).resultOf("merge")).toEqual([2, 3]);
  expect((await run(() => merge(inc(1), boom(1) as never))).taskState("merge").type).toBe("TriggerFailed");
});

const log: string[] = [];
const open = task("open", (name: string) => {
  log.push(`open ${name}`);
  return { name };
});
const use = task("use", (handle: { name: string }, fails: boolean) => {
  log.push(`use ${handle.name}`);
  if (fails) throw new Error("in use");
  return 1;
});
const close = task("close", async (handle: { name: string }) => {
  log.push(`close ${handle.name}`);
});

test.each([
  [false, "Success"],
  [true, "Failed"],
])("a resource is cleaned up after its use, however that ends (fails: %s)", async (fails, type) => {
  log.length = 0;
  const database = resource(open, close);
  const state = await run(() => database(["db"], (handle) => inc(use(handle, fails))));
  expect(state.type).toBe(type);
  expect(log).toEqual(["open db", "use db", "close db"]);
  expect(state.taskState(close).type).toBe("Success");
});

test("what was not set up is not cleaned up", async () => {
  log.length = 0;
  const broken = resource(boom as never, close);
  const state = await run(() => broken(["it"] as never, (handle) => use(handle as never, false)));
  expect(types(state.result)).toEqual({ boom: "Failed", use: "TriggerFailed", close: "TriggerFailed" });
  const badCleanup = resource(open, boom as never);
  expect((await run(() => badCleanup(["db"], (handle) => use(handle, false)))).type).toBe("Success");
});

test("these make parts of a flow, and only there", () => {
  expect(() => when(true, () => 1)).toThrow("outside the body of a flow");
  expect(() => merge()).toThrow("outside the body of a flow");
  expect(() => parameter("x")).toThrow("outside the body of a flow");
});
