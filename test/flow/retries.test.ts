import { expect, test } from "vitest";
import { task } from "../../client/task.ts";
import type { Executor } from "../../flow/executor.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { runFlow } from "../../flow/flow-runner/run-flow.ts";
import type { RunOptions } from "../../flow/index.ts";
import { alwaysRun, flow, flowContext, LOOP, states } from "../../flow/index.ts";
import { TaskError, WorkerLostError } from "../../protocol/errors.ts";
import { FarExecutor } from "./far-executor.ts";
import { countTo, echo, flaky, inc, late, range, signalOnce, sum } from "./tasks.ts";
import { instantClock, VirtualClock } from "./virtual-clock.ts";

const run = (
  body: () => unknown,
  executor: Executor,
  options: RunOptions = {},
  clock: VirtualClock | typeof instantClock = instantClock,
) => runFlow(flow("retried", body), executor, { fetch: "all", ...options }, { clock });

const cleanup = task("cleanup", (value: unknown) => (value instanceof Error ? value.message : "no error"), {
  trigger: alwaysRun,
});
const picky = task(
  "picky",
  () => {
    throw new RangeError("never");
  },
  { maxRetries: 3, retryDelayMs: 1, retryOn: (error) => error instanceof TypeError },
);
const loopAndFail = task(
  "loopAndFail",
  () => {
    const { loopCount, loopResult, runCount } = flowContext();
    if (loopCount === 1 && runCount === 1) throw new Error("in the second round");
    if (loopCount < 2) throw new LOOP("more", { result: [...((loopResult as number[] | undefined) ?? []), loopCount] });
    return loopResult;
  },
  { maxRetries: 1, retryDelayMs: 5 },
);

test.each([
  ["in place", () => new LocalExecutor()],
  ["far away", () => new FarExecutor()],
])("a task that fails runs again, and downstream sees only the end (%s)", async (_where, makeExecutor) => {
  const good = await run(() => inc(flaky(3)), makeExecutor());
  expect([good.type, good.resultOf(inc)]).toEqual(["Success", 4]);
  const bad = await run(() => inc(inc(flaky(4))), makeExecutor());
  expect([bad.taskState(flaky).type, bad.taskState("inc").type, bad.taskState("inc-2").type]).toEqual([
    "Failed",
    "TriggerFailed",
    "TriggerFailed",
  ]);
  expect(bad.taskState(flaky).message).toContain("run 3");
});

test.each([
  ["in place", () => new LocalExecutor()],
  ["far away", () => new FarExecutor()],
])("a retry does not hold unrelated branches up, and comes on time (%s)", async (_where, makeExecutor) => {
  const clock = new VirtualClock();
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const changes: string[] = [];
  const done = run(
    () => [inc(flaky(2)), sum(late([1, 2]))],
    makeExecutor(),
    {
      onTaskState: ({ task: name, state }) => {
        changes.push(`${name} ${state.type}`);
        if (name === "sum" && state.type === "Success") end();
      },
    },
    clock,
  );
  await Promise.all([ended, clock.waitForTimer()]);
  expect(changes).toContain("flaky Retrying");
  expect(changes).not.toContain("inc Success");
  clock.advance(59_999);
  expect(clock.timers).toBe(1);
  clock.advance(1);
  expect((await done).resultOf(inc)).toBe(3);
  expect(changes.filter((change) => change === "flaky Submitted").length).toBe(2);
});

test("each mapped child retries by itself", async () => {
  const clock = new VirtualClock();
  const done = run(() => sum(flaky.map([1, 2, 1])), new FarExecutor(), {}, clock);
  await clock.waitForTimer();
  expect(clock.timers).toBe(1);
  clock.advance(60_000);
  const state = await done;
  expect(state.resultOf(flaky)).toEqual([1, 2, 1]);
  expect(state.resultOf(sum)).toBe(4);
});

test("retryOn says what is worth another try", async () => {
  const executor = new FarExecutor();
  const state = await run(() => picky(), executor);
  expect(state.taskState(picky).type).toBe("Failed");
  expect(executor.submitted).toEqual(["picky"]);
});

test("code that was stopped from outside: TimedOut, retried by the runner, and downstream still runs", async () => {
  let stops = 0;
  const executor = new FarExecutor((name) => {
    if (name === "flaky" && stops++ < 3) throw new TaskError("TASK_TIMED_OUT", "flaky ran longer than 5 ms");
  });
  const state = await run(() => [cleanup(flaky(1)), inc(flaky(1))], executor);
  expect(state.taskState("flaky").isSuccessful()).toBe(true);
  const always = new FarExecutor((name) => {
    if (name === "late") throw new WorkerLostError("its workers died 4 times");
    if (name === "echo") throw new TaskError("TASK_TIMED_OUT", "echo ran longer than 5 ms");
  });
  const lost = await run(() => [cleanup(late(1)), inc(late(1)), cleanup(echo(1))], always);
  expect([lost.taskState("late").type, lost.taskState("inc").type]).toEqual(["Failed", "TriggerFailed"]);
  expect(lost.taskState("late").message).toContain("its workers died 4 times");
  expect(lost.resultOf("cleanup")).toContain("its workers died");
  expect(lost.taskState("echo").isTimedOut()).toBe(true);
  expect(lost.resultOf("cleanup-2")).toContain("echo ran longer than 5 ms");
});

test("a submission that is refused fails its task alone", async () => {
  const executor = new FarExecutor();
  const submit = executor.submit.bind(executor);
  executor.submit = (fn, args, extra) => {
    if (extra?.name === "late") throw new TypeError("cannot submit late");
    return submit(fn, args, extra);
  };
  const state = await run(() => [inc(late(1)), echo(5)], executor);
  expect([state.taskState(late).type, state.taskState(inc).type, state.resultOf(echo)]).toEqual([
    "Failed",
    "TriggerFailed",
    5,
  ]);
});

test("a lost summary does not lose the task", async () => {
  const executor = new FarExecutor((name) => {
    if (name === "stateSummary") throw new WorkerLostError("gone");
  });
  expect((await run(() => sum(inc.map(range(2))), executor, { fetch: "terminal" })).resultOf(sum)).toBe(3);
});

test("LOOP runs again with what it handed on, and a retry goes on where the loop stood", async () => {
  expect((await run(() => sum(countTo(4)), new FarExecutor())).resultOf(sum)).toBe(6);
  for (const fetch of ["all", "terminal"] as const) {
    const state = await run(() => sum(loopAndFail() as never), new FarExecutor(), { fetch });
    expect(state.resultOf(sum)).toBe(1);
  }
});

test.each([
  ["FAIL", "Failed", "by hand"],
  ["SKIP", "Skipped", "by hand"],
  ["SUCCESS", "Success", "by hand"],
  ["VALIDATIONFAIL", "ValidationFailed", "by hand"],
  ["RETRY", "Success", "Succeeded."],
] as const)("the signal %s ends a task as %s", async (name, type, message) => {
  const state = await run(() => signalOnce(name), new FarExecutor());
  expect([state.taskState(signalOnce).type, state.taskState(signalOnce).message]).toEqual([type, message]);
  if (name === "SUCCESS") expect(state.resultOf(signalOnce)).toBe(5);
});

test("PAUSE leaves the run unfinished; given states let another run go on", async () => {
  const made = flow("paused", () => echo(signalOnce("PAUSE")));
  const first = await made.run({ executor: new FarExecutor() });
  expect([first.type, first.isFinished()]).toEqual(["Running", false]);
  expect(first.message).toContain('"signalOnce"');
  expect(first.taskState(signalOnce).isPaused()).toBe(true);
  expect(() => first.resultOf(echo)).toThrow("has no result");
  const second = await made.run({
    executor: new FarExecutor(),
    taskStates: [[signalOnce, states.resume()]],
    context: { resumed: true },
  });
  expect(second.resultOf(echo)).toBe("went on");
  const third = await made.run({
    executor: new FarExecutor(),
    taskStates: [["signalOnce", states.success("known", 7)]],
  });
  expect(third.resultOf(echo)).toBe(7);
});

test("one of maxRetries and retryDelayMs without the other is an error", () => {
  expect(() => task("half", () => 1, { maxRetries: 2 })).toThrow("retryDelayMs");
});
