import { expect, test } from "vitest";
import { task } from "../../client/task.ts";
import { Flow, flatten, unmapped } from "../../flow/index.ts";
import { FarExecutor } from "./far-executor.ts";
import { add, boom, echo, inc, range, sum } from "./tasks.ts";

const scale = task("scale", ({ x, factor = 1 }: { x: number; factor?: number }) => x * factor);
const run = (made: Flow) => made.run({ executor: new FarExecutor(), fetch: "all" });

test("tasks are added, and their arguments given by the names of parameters", async () => {
  const made = new Flow("etl");
  const rows = made.addTask(range);
  made.setDependencies(range, { keywordTasks: { length: 3 } });
  made.setDependencies(inc, { keywordTasks: { x: range }, mapped: true });
  made.setDependencies(add, { keywordTasks: { x: inc, y: unmapped(10) }, mapped: true });
  made.setDependencies(sum, { keywordTasks: { numbers: add } });
  const state = await run(made);
  expect(made.tasks).toEqual(["range", "inc", "add", "sum"]);
  expect(state.resultOf(rows)).toEqual([0, 1, 2]);
  expect(state.resultOf(sum)).toBe(36);
});

test("a function that takes one object apart gets its arguments in it", async () => {
  const made = new Flow("etl");
  made.setDependencies(range, { keywordTasks: { length: 3 } });
  made.setDependencies(scale, { keywordTasks: { x: range, factor: unmapped(5) }, mapped: true });
  expect((await run(made)).resultOf(scale)).toEqual([0, 5, 10]);
});

test("upstream and downstream tasks only order; flatten works as in map()", async () => {
  const made = new Flow("etl");
  made.setDependencies(boom, { keywordTasks: { what: "it" }, downstreamTasks: [echo] });
  made.setDependencies(inc, { keywordTasks: { x: flatten([[1], [2]]) }, mapped: true, upstreamTasks: [echo] });
  const state = await run(made);
  expect([state.taskState(echo).type, state.taskState(inc, 1).type]).toEqual(["TriggerFailed", "TriggerFailed"]);
});

test("the same task object is one call; with({}) makes another", async () => {
  const made = new Flow("etl");
  const again = inc.with({});
  made.setDependencies(inc, { keywordTasks: { x: 1 } });
  made.setDependencies(again, { keywordTasks: { x: inc } });
  expect((await run(made)).resultOf(again)).toBe(3);
});

test("a cycle is an error that names it, at once", () => {
  const made = new Flow("etl");
  made.addEdge(inc, echo);
  made.addEdge(echo, sum);
  expect(() => made.addEdge(sum, inc)).toThrow(
    expect.objectContaining({
      code: "CYCLIC_GRAPH",
      message: expect.stringMatching(/inc → echo → sum → inc|echo → sum → inc → echo|sum → inc → echo → sum/),
    }),
  );
  const self = new Flow("etl");
  expect(() => self.addEdge(inc, inc)).toThrow("inc → inc");
});

test("ten thousand tasks in a row are no cycle, and no stack overflow", () => {
  const made = new Flow("long");
  let last = made.addTask(inc.with({}));
  for (let count = 0; count < 10_000; count++) {
    const next = made.addTask(inc.with({}));
    next.after(last);
    last = next;
  }
  expect(() => made.validate()).not.toThrow();
});

test("what a task has not is an error that names it", () => {
  const made = new Flow("etl");
  expect(() => made.setDependencies(inc, { keywordTasks: { z: 1 } })).toThrow('no parameter "z"');
  expect(() => made.setDependencies(inc, { mapped: true })).toThrow("mapped over nothing");
  expect(() => made.setDependencies("nobody", {})).toThrow('no task "nobody"');
  expect(() => new Flow("")).toThrow("name");
});

test("functions given by with() cannot travel, and are refused", () => {
  const made = new Flow("etl");
  expect(() => made.addTask(inc.with({ trigger: () => true }))).toThrow("trigger");
  expect(() => made.addTask(inc.with({ stateHandlers: [] }))).toThrow("stateHandlers");
});
