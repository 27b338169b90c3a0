import { expect, test } from "vitest";
import { LocalExecutor } from "../../../flow/executors/local-executor.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { executorConformance } from "./conformance.ts";
import { fail, inc } from "./tasks.ts";

watchLeaks();

executorConformance("LocalExecutor", () => new LocalExecutor(), {
  lazy: false,
  place: "this thread",
  slots: 1,
  stopsCode: false,
});

test("one task at a time, in the order of submission", async () => {
  const executor = new LocalExecutor();
  const seen: string[] = [];
  const step = async (name: string): Promise<void> => {
    seen.push(`${name} begins`);
    await new Promise(setImmediate);
    seen.push(`${name} ends`);
  };
  await executor.start(async () => executor.wait(["a", "b"].map((name) => executor.submit(step, [name]))));
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

test("a synchronous function that took too long fails once it has returned", async () => {
  const executor = new LocalExecutor();
  const busy = (): void => {
    const end = performance.now() + 20;
    while (performance.now() < end);
  };
  await executor.start(async () => {
    await expect(executor.submit(busy, [], { timeoutMs: 5 })).rejects.toMatchObject({ code: "TASK_TIMED_OUT" });
  });
});

test("a task may wait for another that it submitted", async () => {
  const executor = new LocalExecutor();
  const outer = async (): Promise<number> => (await executor.submit(inc, [1])) + 10;
  expect(await executor.start(async () => executor.submit(outer, []))).toBe(12);
});

test("keeps what was thrown as the cause, the same object", async () => {
  const executor = new LocalExecutor();
  const thrown = new RangeError("mine");
  await executor.start(async () => {
    const future = executor.submit(() => {
      throw thrown;
    }, []);
    await expect(future).rejects.toMatchObject({ code: "TASK_FAILED", name: "TaskError", cause: thrown });
  });
});

test("a failure that nobody waits for breaks nothing", async () => {
  const executor = new LocalExecutor();
  await executor.start(async () => {
    void executor.submit(fail, ["unseen"]);
    expect(await executor.submit(inc, [1])).toBe(2);
  });
});
