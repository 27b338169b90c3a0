import { describe, expect, test } from "vitest";
import { task } from "../../client/task.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { allFinished, flatten, flow, parameter, unmapped } from "../../flow/index.ts";
import { FarExecutor } from "./far-executor.ts";
import { add, boom, echo, evenOnly, inc, range, skip, sum } from "./tasks.ts";

const ran: string[] = [];
const stage = task("stage", (name: string, x: number) => {
  ran.push(`${name}${x}`);
  return x;
});
const lists = task("lists", () => [[1, 2], [], [3]]);
const upTo = task("upTo", (x: number) => Array.from({ length: x }, (_, index) => x * 10 + index));
const total = task("total", (values: any) => (values as unknown[]).length, { trigger: allFinished });

describe.each([
  ["in place", () => new LocalExecutor()],
  ["far away", () => new FarExecutor()],
])("mapping %s", (_where, makeExecutor) => {
  const run = (body: () => unknown) => flow("mapped", body).run({ executor: makeExecutor(), fetch: "all" });

  test("over a constant, a parameter, a result, and a part of a result", async () => {
    expect((await run(() => inc.map([1, 2]))).resultOf(inc)).toEqual([2, 3]);
    expect((await run(() => inc.map(parameter("n", [5])))).resultOf(inc)).toEqual([6]);
    expect((await run(() => inc.map(range(2)))).resultOf(inc)).toEqual([1, 2]);
    const part = await run(() => inc.map((echo({ rows: [7, 8] }) as any).at("rows")));
    expect(part.resultOf(inc)).toEqual([8, 9]);
    expect((await run(() => inc.map([inc(1), 5]))).resultOf("inc-2")).toEqual([3, 6]);
  });

  test("zips to the shortest, and hands on whole what is unmapped", async () => {
    const state = await run(() => add.map(range(5), inc.map([1, 2, 3])));
    expect(state.resultOf(add)).toEqual([2, 4, 6]);
    const whole = await run(() => add.map(range(2), unmapped(sum([1, 2]))));
    expect(whole.resultOf(add)).toEqual([3, 4]);
    expect((await run(() => (echo.map as any)([1, 2], unmapped([9])))).resultOf(echo)).toEqual([1, 2]);
  });

  test("over nothing gives nothing, and a reduce of nothing", async () => {
    const state = await run(() => sum(inc.map(inc.map(range(0)))));
    expect([state.type, state.resultOf(sum), state.resultOf("inc-2")]).toEqual(["Success", 0, []]);
    expect(state.taskState("inc").type).toBe("Mapped");
  });

  test("flattens a list of lists, and a mapped task's lists", async () => {
    expect((await run(() => inc.map(flatten(lists())))).resultOf(inc)).toEqual([2, 3, 4]);
    expect((await run(() => inc.map(flatten(upTo.map([2, 0, 1]))))).resultOf(inc)).toEqual([21, 22, 11]);
    expect((await run(() => inc.map(flatten([[1], [2, 3]])))).resultOf(inc)).toEqual([2, 3, 4]);
    expect((await run(() => inc.map(flatten(parameter("n", [[1], [2]]))))).resultOf(inc)).toEqual([2, 3]);
  });

  test("a child's failure is its own; a reduce sees every child", async () => {
    const state = await run(() => {
      const even = evenOnly.map([0, 1, 2]);
      const next = inc.map(even);
      sum(next);
      total(next);
    });
    expect(state.taskState(evenOnly).children.map((child) => child.type)).toEqual(["Success", "Failed", "Success"]);
    expect(state.taskState(inc).children.map((child) => child.type)).toEqual(["Success", "TriggerFailed", "Success"]);
    expect(state.taskState(inc, 1).isTriggerFailed()).toBe(true);
    expect(state.resultOf(inc, 2)).toBe(3);
    expect(state.taskState(sum).type).toBe("TriggerFailed");
    expect(state.resultOf(total)).toBe(3);
  });

  test("one child of a mapped task stands for itself alone, whatever becomes of its siblings", async () => {
    const state = await run(() => {
      const even = evenOnly.map([0, 1, 2]);
      add(even.at(0), even.at(2));
      inc(even.at(1));
    });
    expect(state.resultOf(add)).toBe(2);
    expect(state.taskState(inc).isTriggerFailed()).toBe(true);
  });

  test("flattening keeps a place for a child that failed", async () => {
    const state = await run(() => inc.map(flatten(upTo.map(evenOnly.map([2, 1])))));
    expect(state.taskState(inc).children.map((child) => child.type)).toEqual(["Success", "Success", "TriggerFailed"]);
  });

  test("over what failed, was skipped or is no list, says so", async () => {
    const failing = await run(() => inc.map(boom(1)));
    expect(failing.taskState(inc).type).toBe("Failed");
    expect(failing.taskState(inc).message).toContain('Cannot map over the upstream task "boom": it ended as Failed');
    const skipped = await run(() => inc.map(inc.map(skip() as never)));
    expect([skipped.taskState("inc").type, skipped.taskState("inc-2").type]).toEqual(["Skipped", "Skipped"]);
    const number = await run(() => sum(inc.map(inc(1) as never)));
    expect(number.taskState("inc-2").message).toContain('Cannot map over the result of "inc": it is not an array');
    expect(number.taskState(sum).type).toBe("TriggerFailed");
    const parameters = await run(() => inc.map(parameter("n", 5) as never));
    expect(parameters.taskState(inc).message).toContain("not an array");
    const flat = await run(() => inc.map(flatten(range(3) as never)));
    expect(flat.taskState(inc).message).toContain("array of arrays");
  });
});

test("depth first: one child's stages run before the next child's", async () => {
  ran.length = 0;
  await flow("deep", () => {
    const a = stage.map(unmapped("a"), range(3));
    const b = stage.map(unmapped("b"), a);
    const c = stage.map(unmapped("c"), b);
    sum(c);
  }).run({ executor: new LocalExecutor() });
  expect(ran).toEqual(["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]);
});

test("no barrier between mapped stages: a child goes on while another of its stage still runs", async () => {
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let incs = 0;
  const executor = new FarExecutor((name) => (name === "inc" && incs++ === 0 ? gate : undefined));
  const done: string[] = [];
  const finished = flow("free", () => evenOnly.map(inc.map([1, 3, 5]))).run({
    executor,
    onTaskState: ({ task: name, mapIndex, state }) => {
      if (state.type !== "Success") return;
      done.push(`${name}${mapIndex}`);
      if (done.length === 4) open();
    },
  });
  await finished;
  expect(done.slice(0, 4).sort()).toEqual(["evenOnly1", "evenOnly2", "inc1", "inc2"]);
  expect(done.length).toBe(6);
});

test("only lengths come to the flow runner, and every child asks for one element", async () => {
  const executor = new FarExecutor();
  await flow("lean", () => sum(inc.map(range(3)))).run({ executor });
  expect(executor.submitted.filter((name) => name !== "stateSummary")).toEqual(["range", "inc", "inc", "inc", "sum"]);
  expect(executor.submitted.filter((name) => name === "stateSummary").length).toBe(4);
  const children = executor.extras.flatMap(({ key }) => (key?.startsWith("inc-") ? [key.split("-")[1]] : []));
  expect(children).toEqual(["0", "1", "2"]);
});

test("a long list is cut into parts, and gives the same elements", async () => {
  const executor = new FarExecutor();
  const state = await flow("long", () =>
    add.map(range(500), (echo({ rows: [...Array(400).keys()] }) as any).at("rows")),
  ).run({
    executor,
  });
  expect(state.resultOf(add)).toEqual(Array.from({ length: 400 }, (_, index) => 2 * index));
  expect(executor.submitted.filter((name) => name === "listPart").length).toBe(Math.ceil(400 / 23) + 20);
});
