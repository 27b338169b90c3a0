import { availableParallelism } from "node:os";
import { describe, expect, test, vi } from "vitest";
import type { Executor } from "../../../flow/executor.ts";
import { LocalExecutor } from "../../../flow/executors/local-executor.ts";
import { PoolExecutor, type PoolScheduler } from "../../../flow/executors/pool-executor.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { eventually } from "../../eventually.ts";
import { executorConformance } from "./conformance.ts";
import { bigger, echo, exitLater, inc, say, sum } from "./tasks.ts";

watchLeaks();

executorConformance("PoolExecutor with threads", () => new PoolExecutor({ numWorkers: 2 }), {
  lazy: true,
  place: "threads",
  slots: 2,
  stopsCode: true,
});

executorConformance("PoolExecutor with processes", () => new PoolExecutor({ scheduler: "processes", numWorkers: 2 }), {
  lazy: true,
  place: "processes",
  slots: 2,
  stopsCode: true,
});

executorConformance("PoolExecutor in this thread", () => new PoolExecutor({ scheduler: "sync" }), {
  lazy: true,
  place: "this thread",
  slots: 1,
  stopsCode: false,
});

test("the executors of one machine give equal results", async () => {
  const compute = (executor: Executor): Promise<unknown> =>
    executor.start(async () => {
      const leaves = [1, 2, 3, 4].map((x) => executor.submit(inc, [x]));
      const halves = [leaves.slice(0, 2), leaves.slice(2)].map((half) => executor.submit(sum, [half]));
      const bytes = executor.submit(bigger, [new Uint8Array([1, 2, 3])]);
      return executor.wait({ total: executor.submit(sum, [halves]), bytes, leaves });
    });
  const expected = { total: 14, bytes: new Uint8Array([2, 3, 4]), leaves: [2, 3, 4, 5] };
  const executors = [
    new LocalExecutor(),
    new PoolExecutor({ numWorkers: 2 }),
    new PoolExecutor({ scheduler: "processes", numWorkers: 2 }),
    new PoolExecutor({ scheduler: "sync" }),
  ];
  for (const executor of executors) expect(await compute(executor)).toEqual(expected);
});

describe("options", () => {
  test("an unknown scheduler is refused with the names of those there are", () => {
    expect(() => new PoolExecutor({ scheduler: "fibers" as PoolScheduler })).toThrow(
      expect.objectContaining({
        code: "BAD_OPTION",
        message: expect.stringMatching(/"threads", "processes", "sync", not "fibers"/),
      }),
    );
  });

  test.each([0, -1, 1.5, Number.NaN])("numWorkers %s is refused", (numWorkers) => {
    expect(() => new PoolExecutor({ numWorkers })).toThrow(expect.objectContaining({ code: "BAD_OPTION" }));
  });

  test("an unknown option is refused by name", () => {
    expect(() => new PoolExecutor({ workers: 2 } as object)).toThrow(/workers is unknown/);
  });

  test("has as many slots as there are cores, and one in this thread", () => {
    expect(new PoolExecutor().slots()).toBe(availableParallelism());
    expect(new PoolExecutor({ scheduler: "sync", numWorkers: 3 }).slots()).toBe(1);
  });
});

test("goes on when its only slot has died between two tasks", async () => {
  const executor = new PoolExecutor({ scheduler: "processes", numWorkers: 1 });
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await executor.start(async () => {
    const pid = await executor.submit(exitLater, []);
    await eventually("the slot to end", () => !isAlive(pid));
    expect(await executor.submit(inc, [1])).toBe(2);
  });
});

describe("a pool of threads", () => {
  const start = <T>(body: (executor: PoolExecutor) => Promise<T>): Promise<T> => {
    const executor = new PoolExecutor({ numWorkers: 2 });
    return executor.start(() => body(executor));
  };

  test("arguments are those of the moment of submission", async () => {
    const numbers = [1, 2];
    const total = await start(async (executor) => {
      const future = executor.submit(sum, [numbers]);
      numbers.push(100);
      return await future;
    });
    expect(total).toBe(3);
  });

  test("an argument that cannot be sent fails its own future, and names the place", async () => {
    await start(async (executor) => {
      const broken = executor.submit(echo, [{ rows: [{ callback: () => 1 }] }]);
      const needing = executor.submit(echo, [broken]);
      const refusal = { code: "UNSENDABLE_VALUE", message: expect.stringContaining("rows[0].callback") };
      await expect(broken).rejects.toMatchObject(refusal);
      await expect(needing).rejects.toMatchObject(refusal);
    });
  });

  test("a function that needs what lies outside it is refused", async () => {
    const outside = Number(process.pid);
    await start(async (executor) => {
      const future = executor.submit(() => outside, []);
      await expect(future).rejects.toMatchObject({ code: "NOT_SELF_CONTAINED" });
      expect(await executor.submit(inc, [1])).toBe(2);
    });
  });

  test("a future of another executor may be an argument", async () => {
    const local = new LocalExecutor();
    const value = await local.start(async () =>
      start(async (executor) => executor.submit(sum, [[local.submit(inc, [1]), executor.submit(inc, [2])]])),
    );
    expect(value).toBe(5);
  });

  test("a thousand tasks that are reduced by a tree", async () => {
    const total = await start(async (executor) => {
      let level = Array.from({ length: 1_000 }, (_, x) => executor.submit(inc, [x]));
      while (level.length > 1) {
        const groups = Array.from({ length: Math.ceil(level.length / 10) }, (_, group) => group * 10);
        level = groups.map((begin) => executor.submit(sum, [level.slice(begin, begin + 10)]));
      }
      return executor.wait(level);
    });
    expect(total).toEqual([500_500]);
  });

  test("what tasks print is printed here", async () => {
    const printed: string[] = [];
    const write = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
    try {
      await start(async (executor) => executor.submit(say, ["hello from a slot"]));
    } finally {
      write.mockRestore();
    }
    expect(printed.join("")).toContain("hello from a slot\n");
  });
});
