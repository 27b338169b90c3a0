import { describe, expect, test } from "vitest";
import type { Reference } from "../../client/placeholder.ts";
import { task } from "../../client/task.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { flow, parameter } from "../../flow/index.ts";
import { withScope } from "../../protocol/task-registry.ts";
import { FarExecutor } from "./far-executor.ts";
import { add, boom, context, echo, inc, late, range, skip, sum } from "./tasks.ts";

describe.each([
  ["in place", () => new LocalExecutor()],
  ["far away", () => new FarExecutor()],
])("a flow %s", (_where, makeExecutor) => {
  test("gives the results of its tasks", async () => {
    const made = flow("made", () => {
      const n = parameter("n", 3);
      return sum(inc.map(range(n)));
    });
    const state = await made.run({ executor: makeExecutor() });
    expect(state.message).toBe("All reference tasks succeeded.");
    expect([state.type, state.isSuccessful(), state.isFailed(), state.isFinished()]).toEqual([
      "Success",
      true,
      false,
      true,
    ]);
    expect(state.resultOf(sum)).toBe(6);
    expect((await made.run({ executor: makeExecutor(), parameters: { n: 5 } })).resultOf("sum")).toBe(15);
  });

  test("references stand anywhere inside arguments, and a part of a result is one, too", async () => {
    let all: Reference<any> | undefined;
    const made = flow("made", () => {
      const one = inc(0);
      const pair = echo({ left: [one, 10], right: "x" });
      all = echo({ whole: [pair, { deep: [one] }], part: pair.at("left").at(1), date: new Date(5) });
    });
    const state = await made.run({ executor: makeExecutor() });
    const pair = { left: [1, 10], right: "x" };
    expect(state.resultOf(all as Reference<any>)).toEqual({
      whole: [pair, { deep: [1] }],
      part: 10,
      date: new Date(5),
    });
  });

  test("the same task called twice is two tasks", async () => {
    const made = flow("made", () => inc(inc(1)));
    const state = await made.run({ executor: makeExecutor(), fetch: "all" });
    expect(made.tasks).toEqual(["inc", "inc-2"]);
    expect([state.resultOf("inc"), state.resultOf("inc-2")]).toEqual([2, 3]);
    expect(() => state.resultOf(inc)).toThrow('calls task "inc" 2 times');
  });

  test("a failure shows downstream as TriggerFailed, and keeps what was thrown", async () => {
    const made = flow("made", () => inc(inc(boom("that") as never)));
    const state = await made.run({ executor: makeExecutor() });
    expect([state.type, state.message]).toEqual(["Failed", "Some reference tasks failed."]);
    expect(state.taskState("boom").message).toContain("TypeError: cannot do that");
    expect(state.taskState("boom").error?.cause ?? state.taskState("boom").error).toMatchObject({
      message: expect.stringContaining("cannot do that"),
    });
    expect(state.taskState("inc").isTriggerFailed()).toBe(true);
    expect(state.taskState("inc-2").type).toBe("TriggerFailed");
    expect(state.error?.message).toContain("cannot do that");
    expect(() => state.resultOf("boom")).toThrow("cannot do that");
  });

  test("a skip goes on downstream, and is a success without a result", async () => {
    const made = flow("made", () => inc(skip() as never));
    const state = await made.run({ executor: makeExecutor() });
    expect(state.isSuccessful()).toBe(true);
    expect([state.taskState("skip").type, state.taskState("inc").type]).toEqual(["Skipped", "Skipped"]);
    expect(state.taskState("skip").message).toBe("not today");
    expect(state.resultOf("inc")).toBeUndefined();
  });

  test("after() orders tasks that give each other nothing", async () => {
    const made = flow("made", () => {
      const first = boom("it");
      const last = late(1);
      last.after(first);
    });
    const state = await made.run({ executor: makeExecutor() });
    expect(state.taskState("late").type).toBe("TriggerFailed");
  });

  test("a flow without tasks succeeds", async () => {
    expect((await flow("empty", () => {}).run({ executor: makeExecutor() })).type).toBe("Success");
  });

  test("tasks find the run in their context", async () => {
    const made = flow("made", () => {
      parameter("n", 2);
      context();
    });
    const state = await made.run({
      executor: makeExecutor(),
      context: { flowRunId: "run-1", image: "i:1", team: "blue" },
    });
    expect(state.flowRunId).toBe("run-1");
    expect(state.resultOf(context)).toMatchObject({
      flowName: "made",
      flowRunId: "run-1",
      image: "i:1",
      team: "blue",
      parameters: { n: 2 },
      taskName: "context",
      runCount: 1,
    });
  });
});

test("nothing but tasks is submitted, under keys of name, index and a UUID", async () => {
  const executor = new FarExecutor();
  const made = flow("made", () => sum([parameter("n", 1), 2, 3]));
  await made.run({ executor });
  await made.run({ executor });
  expect(executor.submitted).toEqual(["sum", "sum"]);
  const keys = executor.extras.map((extra) => extra.key ?? "");
  expect(new Set(keys).size).toBe(2);
  for (const key of keys) expect(key).toMatch(/^sum-0-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("results stay away unless they are asked for; states always come", async () => {
  const made = flow("made", () => sum(inc.map(range(2))));
  const executor = new FarExecutor();
  const state = await made.run({ executor });
  expect(state.resultOf(sum)).toBe(3);
  expect(state.taskState(range).type).toBe("Success");
  expect(() => state.resultOf(range)).toThrow('fetch: "all"');
  expect(executor.open).toBe(0);
  const all = await made.run({ executor, fetch: "all" });
  expect(all.resultOf(range)).toEqual([0, 1]);
  expect([...all.result.keys()]).toEqual(["range", "inc", "sum"]);
  const none = await made.run({ executor, fetch: "none" });
  expect(() => none.resultOf(sum)).toThrow("left on its worker");
});

test("tasks ask for what their options say", async () => {
  const picky = task("picky", () => 1, {
    tags: ["resource:GPU=2", "blue"],
    timeoutMs: 50,
    priority: 7,
    workers: ["w1"],
  });
  const executor = new FarExecutor();
  await flow("made", () => picky()).run({ executor });
  expect(executor.extras[0]).toMatchObject({ resources: { GPU: 2 }, timeoutMs: 50, priority: 7, workers: ["w1"] });
  const bad = task("bad", () => 1, { tags: ["resource:GPU"] });
  const state = await flow("made", () => bad()).run({ executor });
  expect(state.taskState(bad).message).toContain("resource:NAME=NUMBER");
});

test("a result is taken apart where nout says into how many", async () => {
  const split = task("split", (x: number) => [x, x * 10], { nout: 2 });
  const made = flow("made", () => {
    const [one, ten] = split(4);
    return add(one, ten);
  });
  expect((await made.run()).resultOf(add)).toBe(44);
  expect(() => flow("bad", () => [...inc(1)])).toThrow("nout");
});

test("parameters: arguments win over the context's, those over defaults; errors name every wrong one", async () => {
  const made = flow("made", () => echo([parameter("a", 1), parameter("b", 1), parameter("c", 1), parameter("d")]));
  const state = await made.run({ parameters: { a: 3, d: 4 }, context: { parameters: { a: 2, b: 2 } } });
  expect(state.resultOf(echo)).toEqual([3, 2, 1, 4]);
  await expect(made.run()).rejects.toMatchObject({
    code: "BAD_PARAMETER",
    message: expect.stringContaining('"d" has no default'),
  });
  await expect(made.run({ parameters: { d: 1, e: 1, f: 2 } })).rejects.toThrow(/"e"; .*"f".*a, b, c, d/s);
});

test("reference tasks decide", async () => {
  const body = (): unknown => [boom(1), inc(1)];
  expect((await flow("made", body).run()).type).toBe("Failed");
  expect((await flow("made", body, { referenceTasks: [inc] }).run()).type).toBe("Success");
  const later = flow("made", body);
  later.setReferenceTasks(["inc"]);
  expect((await later.run()).type).toBe("Success");
});

test("an executor that cannot start fails the run, and does not throw", async () => {
  const executor = new FarExecutor();
  executor.start = async () => {
    throw new Error("no scheduler there");
  };
  const state = await flow("made", () => inc(1)).run({ executor });
  expect([state.type, state.message]).toEqual(["Failed", expect.stringContaining("no scheduler there")]);
  expect(state.error?.message).toContain("no scheduler there");
});

test("the flow's own executor may be set later, and that of a run wins", async () => {
  const own = new FarExecutor();
  const made = flow("made", () => inc(1));
  made.executor = own;
  await made.run();
  expect(own.submitted.length).toBe(1);
  await made.run({ executor: new FarExecutor() });
  expect(own.submitted.length).toBe(1);
});

test.each<[string, () => unknown, string]>([
  ["an async body", async () => {}, "async body"],
  ["a task in place of its call", () => inc(inc as never), 'task "inc"'],
  ["arithmetic with a reference", () => inc(`${inc(1)}` as never), "only stands for its result"],
  ["a reference of another flow", () => echo(foreign), "belongs to another flow"],
  ["a map over nothing", () => (inc.map as () => unknown)(), "mapped over nothing"],
  ["a map over a number", () => inc.map(5 as never), "cannot be mapped over number"],
])("%s is refused while the flow is built", (_what, body, message) => {
  expect(() => flow("bad", body)).toThrow(message);
});
let foreign: Reference<number>;
flow("other", () => {
  foreign = inc(1);
});

test("bad options are refused by name", async () => {
  expect(() => flow("made", () => {}, { schedule: 1 } as never)).toThrow("schedule is unknown");
  await expect(flow("made", () => {}).run({ fetch: "some" } as never)).rejects.toThrow("fetch");
  await expect(flow("made", () => {}).run({ runOnSchedule: true })).rejects.toThrow("no schedule");
});

test("a flow's build leaves tasks as they were: outside, a call runs the function", () => {
  flow("made", () => inc(1));
  expect(() => flow("bad", () => boom(inc.run(1)) && inc.map(1 as never))).toThrow();
  expect(inc(1)).toBe(2);
});

test("a module that runs a flow while a worker imports it is told to guard that; one that defines a flow is not", async () => {
  const imported = withScope("0".repeat(64), async () => {
    const made = flow("made", () => {
      throw new Error("a worker never needs the flow itself");
    });
    return made.run();
  });
  await expect(imported).rejects.toMatchObject({
    code: "BAD_FLOW",
    message: expect.stringContaining("import.meta.main"),
  });
});
