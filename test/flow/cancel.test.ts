import { expect, test } from "vitest";
import { task } from "../../client/task.ts";
import type { Executor } from "../../flow/executor.ts";
import { LocalExecutor } from "../../flow/executors/local-executor.ts";
import { runFlow } from "../../flow/flow-runner/run-flow.ts";
import { flow } from "../../flow/index.ts";
import { taskContext } from "../../protocol/task-context.ts";
import { FarExecutor } from "./far-executor.ts";
import { flaky, inc, late } from "./tasks.ts";
import { VirtualClock } from "./virtual-clock.ts";

const forever = new Promise<never>(() => {});

test("an aborted run submits nothing more, stops what runs, and ends as Cancelled", async () => {
  const controller = new AbortController();
  const executor = new FarExecutor((name) => (name === "late" ? forever : undefined));
  const made = flow("made", () => inc(late(inc(1))));
  const state = await made.run({
    executor,
    signal: controller.signal,
    onTaskState: ({ task: name, state: { type } }) => {
      if (name === "inc" && type === "Success") controller.abort(new Error("enough"));
    },
  });
  expect([state.type, state.message]).toEqual(["Cancelled", "The run was cancelled: enough"]);
  expect([...state.result].map(([name, { type }]) => [name, type])).toEqual([
    ["inc", "Success"],
    ["late", "Cancelled"],
    ["inc-2", "Cancelled"],
  ]);
  expect(executor.cancelled.some((key) => key.startsWith("late-0-"))).toBe(true);
  expect(executor.open).toBe(0);
});

test("waiting for a retry is no obstacle", async () => {
  const controller = new AbortController();
  const clock = new VirtualClock();
  const done = runFlow(
    flow("made", () => inc(flaky(3))),
    new FarExecutor(),
    { signal: controller.signal },
    { clock },
  );
  await clock.waitForTimer();
  controller.abort("stop it");
  const state = await done;
  expect([state.type, state.message]).toEqual(["Cancelled", "The run was cancelled: stop it"]);
  expect(clock.timers).toBe(0);
});

test("a run that was cancelled before it began starts nothing", async () => {
  const executor = new FarExecutor();
  let calls = 0;
  const made = flow("made", () => inc(1), { terminalStateHandler: () => void calls++ });
  const state = await made.run({ executor, signal: AbortSignal.abort(new Error("too late")) });
  expect([state.type, executor.submitted, calls]).toEqual(["Cancelled", [], 1]);
});

test("an executor that can cancel a whole run is asked to; drain lets tasks finish", async () => {
  const calls: unknown[] = [];
  for (const cancel of ["stop", "drain"] as const) {
    const controller = new AbortController();
    const executor = new FarExecutor((name) => (name === "late" ? forever : undefined));
    (executor as Executor).cancelRun = async (reason) => void calls.push(reason);
    const done = flow("made", () => late(1)).run({
      executor,
      cancel,
      signal: controller.signal,
      onTaskState: ({ state }) => state.type === "Submitted" && queueMicrotask(() => controller.abort("because")),
    });
    expect((await done).type).toBe("Cancelled");
    calls.push(executor.cancelled.length > 0);
  }
  expect(calls).toEqual(["because", false, true]);
});

const waitsForAbort = task("waitsForAbort", async () => {
  const { signal } = taskContext();
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw signal.reason;
});

test("Ctrl-C cancels a run that asked for it, and the process keeps its own handling afterwards", async () => {
  const before = process.listenerCount("SIGINT");
  const done = flow("made", () => waitsForAbort()).run({
    executor: new LocalExecutor(),
    cancelOnInterrupt: true,
    // The listener is called as by Ctrl-C, without troubling the test runner's own process group.
    onTaskState: ({ state }) => state.type === "Submitted" && setImmediate(() => process.emit("SIGINT", "SIGINT")),
  });
  const state = await done;
  expect([state.type, state.message]).toEqual(["Cancelled", expect.stringContaining("SIGINT")]);
  expect(process.listenerCount("SIGINT")).toBe(before);
});
