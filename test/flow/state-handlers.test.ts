import { expect, test } from "vitest";
import { task } from "../../client/task.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { runFlow } from "../../flow/flow-runner/run-flow.ts";
import { flow, type StateHandler, states, type TaskOfRun } from "../../flow/index.ts";
import { TaskError } from "../../protocol/errors.ts";
import { FarExecutor } from "./far-executor.ts";
import { boom, evenOnly, inc } from "./tasks.ts";
import { instantClock } from "./virtual-clock.ts";

const seen: string[] = [];
const watch: StateHandler<TaskOfRun> = async ({ name, mapIndex }, before, after) => {
  seen.push(`${name}${mapIndex ?? ""}: ${before.type} → ${after.type}`);
};
const watched = task("watched", (x: number) => evenOnly.run(x), {
  stateHandlers: [watch],
  maxRetries: 1,
  retryDelayMs: 5,
  onFailure: (of, state) => void seen.push(`${of.name} failed: ${state.isFailed()}`),
});
const softened = task("softened", () => boom.run(1), {
  stateHandlers: [(_task, _before, after) => (after.isFailed() ? states.success("well enough", 5) : undefined)],
});
const badHandler = task("badHandler", () => 1, {
  stateHandlers: [
    () => {
      throw new Error("handler broke");
    },
  ],
});

const run = (body: () => unknown, executor = new FarExecutor()) => {
  seen.length = 0;
  return runFlow(flow("handled", body), executor, { fetch: "all" }, { clock: instantClock });
};

test("task handlers see every change", async () => {
  await run(() => watched(2));
  expect(seen).toEqual(["watched: Pending → Running", "watched: Running → Success"]);
  await run(() => watched(1));
  const tries = ["watched: Running → Failed", "watched: Failed → Retrying", "watched: Retrying → Running"];
  expect(seen).toEqual(["watched: Pending → Running", ...tries, "watched: Running → Failed", "watched failed: true"]);
  await run(() => watched(inc(boom(1))));
  expect(seen).toEqual(["watched: Pending → TriggerFailed", "watched failed: true"]);
});

test("a mapped task's handlers see it and its children", async () => {
  await run(() => watched.map([2, 4]));
  expect(seen.slice(0, 1)).toEqual(["watched: Pending → Mapped"]);
  expect(seen.slice(1).sort()).toEqual(
    [0, 1].flatMap((i) => [`watched${i}: Pending → Running`, `watched${i}: Running → Success`]),
  );
});

test("handlers of a task whose code was stopped run in the flow runner", async () => {
  await run(
    () => watched(2),
    new FarExecutor((name) => {
      if (name === "watched") throw new TaskError("TASK_TIMED_OUT", "too long");
    }),
  );
  expect(seen).toEqual([
    "watched: Pending → TimedOut",
    "watched: TimedOut → Retrying",
    "watched: Pending → TimedOut",
    "watched failed: true",
  ]);
});

test("a handler may put another state in the place of the new one; one that throws fails the task", async () => {
  expect((await run(() => inc(softened() as never))).resultOf(inc)).toBe(6);
  const state = await run(() => badHandler());
  expect(state.taskState(badHandler).type).toBe("Failed");
  expect(state.taskState(badHandler).message).toContain(
    "Unexpected error while calling state handlers: Error: handler broke",
  );
});

test("flow handlers see Pending → Running → the end; onFailure hears of failures", async () => {
  const changes: string[] = [];
  const made = flow("watched", () => boom(1), {
    stateHandlers: [(of, before, after) => void changes.push(`${of.name}: ${before.type} → ${after.type}`)],
    onFailure: (of, state) => void changes.push(`${of.name} failed: ${state.message}`),
  });
  await made.run();
  expect(changes).toEqual([
    "watched: Pending → Running",
    "watched: Running → Failed",
    "watched failed: Some reference tasks failed.",
  ]);
});

test("a flow handler that throws fails the run", async () => {
  const executor = new FarExecutor();
  const made = flow("made", () => inc(1), {
    stateHandlers: [
      () => {
        throw new Error("no");
      },
    ],
  });
  const state = await made.run({ executor });
  expect([state.type, state.message]).toEqual(["Failed", "Unexpected error while calling state handlers: Error: no"]);
  expect(executor.submitted).toEqual([]);
});

test("the terminal handler runs once, on the finished state, after the executor has stopped, and may replace it", async () => {
  const executor = new FarExecutor();
  const calls: unknown[] = [];
  const made = flow("made", () => [boom(1), inc(1)], {
    terminalStateHandler: (of, state, references) => {
      calls.push([of.name, state.type, references.map((one) => one.type), executor.open]);
      return states.success("good enough");
    },
  });
  const state = await made.run({ executor });
  expect(calls).toEqual([["made", "Failed", ["Failed", "Success"], 0]]);
  expect([state.type, state.message]).toEqual(["Success", "good enough"]);
  const throwing = flow("made", () => inc(1), {
    terminalStateHandler: () => {
      throw new Error("no");
    },
  });
  expect((await throwing.run({ executor: new LocalExecutor() })).message).toContain(
    "Unexpected error while calling state handlers",
  );
});
