import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Executor } from "../../../flow/executor.ts";
import { eventually } from "../../eventually.ts";
import {
  context,
  echo,
  fail,
  holdThread,
  inc,
  later,
  meet,
  note,
  type Place,
  place,
  sum,
  throwText,
  untilAborted,
} from "./tasks.ts";

/** What sets executors apart; all else must be the same for every one of them. */
export interface Traits {
  /** Work begins when it is waited for, and not before. */
  readonly lazy: boolean;
  /** Where functions run. */
  readonly place: "this thread" | "threads" | "processes";
  /** How many run at once. */
  readonly slots: number;
  /** Running code can be stopped, whatever it does. */
  readonly stopsCode: boolean;
  /** Written by a user: no more than `start`, `submit` and `wait`. */
  readonly minimal?: true;
}

/** The message of an error and of all that it was caused by. */
function story(error: unknown): string {
  const messages: string[] = [];
  for (let at: unknown = error; at !== undefined; at = at instanceof Error ? at.cause : undefined) {
    messages.push(at instanceof Error ? `${at.name}: ${at.message}` : String(at));
  }
  return messages.join("\n");
}

/** The cases that every executor must pass. */
export function executorConformance(name: string, make: () => Executor, traits: Traits): void {
  describe(`${name} as an executor`, () => {
    let directory: string;
    let executor: Executor;

    beforeEach(() => {
      directory = mkdtempSync(join(tmpdir(), "executor-"));
      executor = make();
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const file = (): string => join(directory, "notes");
    const notes = (): string[] => (existsSync(file()) ? readFileSync(file(), "utf8").trim().split("\n") : []);
    const rejection = (promise: PromiseLike<unknown>): Promise<unknown> =>
      Promise.resolve(promise).then(
        (value) => expect.unreachable(`it gave ${JSON.stringify(value)}`),
        (error: unknown) => error,
      );

    test("gives values, of plain and of asynchronous functions", async () => {
      const values = await executor.start(async () =>
        executor.wait([
          executor.submit(inc, [1]),
          executor.submit(later, [7]),
          executor.submit((x: number) => x * 2, [4]),
        ]),
      );
      expect(values).toEqual([2, 7, 8]);
    });

    test("returns what the body returns, and can be started again", async () => {
      for (const x of [1, 2]) {
        expect(await executor.start(async () => await executor.submit(inc, [x]))).toBe(x + 1);
      }
    });

    test("puts values in the places of futures, however deep they stand", async () => {
      const values = await executor.start(async () => {
        const two = executor.submit(inc, [1]);
        const three = executor.submit(inc, [two]);
        const five = executor.submit(sum, [[two, three]]);
        const tree = executor.submit(echo, [{ list: [two, [three, { deep: five }]], plain: "x" }]);
        return executor.wait({ tree, same: [two, two], none: null });
      });
      expect(values).toEqual({ tree: { list: [2, [3, { deep: 5 }]], plain: "x" }, same: [2, 2], none: null });
    });

    test("waits for values without futures by giving them back", async () => {
      const value = { a: [1, "two", null] };
      expect(await executor.start(async () => executor.wait(value))).toEqual(value);
    });

    test("carries large and special values", async () => {
      const value = { when: new Date(5), map: new Map([[1n, new Set(["x"])]]), bytes: new Uint8Array(200_000).fill(7) };
      const result = await executor.start(async () => executor.submit(echo, [executor.submit(echo, [value])]));
      expect(result).toEqual(value);
    });

    test("rejects with what a task threw, and everything that needs it rejects too", async () => {
      await executor.start(async () => {
        const broken = executor.submit(fail, ["no such month"]);
        const after = executor.submit(sum, [[broken, executor.submit(inc, [1])]]);
        expect(story(await rejection(broken))).toContain("TypeError: no such month");
        expect(story(await rejection(after))).toContain("TypeError: no such month");
        expect(story(await rejection(executor.wait([broken])))).toContain("TypeError: no such month");
        expect(await executor.submit(inc, [1])).toBe(2);
      });
    });

    test("tells what was thrown when it is no Error", async () => {
      const error = await executor.start(async () => rejection(executor.submit(throwText, ["just text"])));
      expect(story(error)).toContain("just text");
    });

    test("gives back the body's own error and stands ready for the next run", async () => {
      const own = new Error("the body's own");
      const error = await rejection(
        executor.start(async () => {
          void executor.submit(inc, [1]);
          throw own;
        }),
      );
      expect(error).toBe(own);
      expect(await executor.start(async () => executor.submit(inc, [1]))).toBe(2);
    });

    if (traits.minimal) return;

    test("refuses work before it is started and after it has ended", async () => {
      const sentence = { code: "NOT_STARTED", message: expect.stringContaining("This executor has not been started.") };
      expect(() => executor.submit(inc, [1])).toThrow(expect.objectContaining(sentence));
      await expect(executor.wait([])).rejects.toMatchObject(sentence);
      await executor.start(async () => {});
      expect(() => executor.submit(inc, [1])).toThrow(expect.objectContaining(sentence));
    });

    test("keys read name-index-uuid, save where one was given", async () => {
      const uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
      const keys = await executor.start(async () => {
        const futures = [
          executor.submit(inc, [1]),
          executor.submit(inc, [1], { name: "rows" }),
          executor.submit((x: number) => x, [1]),
          executor.submit(inc, [1], { key: "mine" }),
        ];
        await executor.wait(futures);
        return futures.map((future) => future.key);
      });
      expect(keys[0]).toMatch(new RegExp(`^inc-0-${uuid}$`));
      expect(keys[1]).toMatch(new RegExp(`^rows-1-${uuid}$`));
      expect(keys[2]).toMatch(new RegExp(`^task-2-${uuid}$`));
      expect(keys[3]).toBe("mine");
    });

    test("gives tasks their context", async () => {
      const run = { context: { flowRunId: "run-5" } };
      const seen = await executor.start(async () => executor.submit(context, [], { key: "me" }), run);
      expect(seen).toEqual({ key: "me", attempt: 1, flowRun: "run-5", aborted: false });
    });

    test("futures know how they stand", async () => {
      await executor.start(async () => {
        const good = executor.submit(inc, [1]);
        const bad = executor.submit(fail, ["x"]);
        expect([good.status, bad.status]).toEqual(["pending", "pending"]);
        expect(await good.result({ timeoutMs: 30_000 })).toBe(2);
        await rejection(bad);
        expect([good.status, bad.status]).toEqual(["finished", "error"]);
      });
    });

    test("a wait that gives up does not stop the work", async () => {
      await executor.start(async () => {
        const future = executor.submit(untilAborted, [directory]);
        expect(await rejection(future.result({ timeoutMs: 1 }))).toMatchObject({ code: "TIMED_OUT" });
        await eventually("the task to run", () => existsSync(join(directory, "running")));
        expect(future.status).toBe("pending");
        await future.cancel({ reason: "enough" });
      });
    });

    test(
      traits.lazy ? "starts nothing before it is waited for, and then only what is needed" : "starts at once",
      async () => {
        await executor.start(async () => {
          const first = executor.submit(note, [file(), "first"]);
          const second = executor.submit(note, [file(), "second", first]);
          void executor.submit(note, [file(), "unasked", first]);
          if (traits.lazy) {
            // Another run of the same executor, from start to end, is time enough for work that began unasked.
            await executor.start(async () => executor.submit(inc, [1]));
            expect(notes()).toEqual([]);
            await second;
            expect(notes()).toEqual(["first", "second"]);
          } else {
            await eventually("all of it to have run", () => notes().length === 3);
          }
        });
        if (traits.lazy) expect(notes()).toEqual(["first", "second"]);
      },
    );

    if (traits.slots === 1) {
      test("goes on with a branch before it begins another", async () => {
        await executor.start(async () => {
          const leaves = ["a", "b", "c"].map((leaf) => executor.submit(note, [file(), leaf]));
          const tops = leaves.map((leaf, index) => executor.submit(note, [file(), `top-${index}`, leaf]));
          await executor.wait([...(traits.lazy ? [] : leaves), ...tops]);
        });
        const order = traits.lazy
          ? ["a", "top-0", "b", "top-1", "c", "top-2"]
          : ["a", "b", "c", "top-0", "top-1", "top-2"];
        expect(notes()).toEqual(order);
      });
    }

    test("runs tasks where it says it does", async () => {
      const seen = await executor.start(async () => {
        if (traits.slots === 1) return executor.wait([1, 2, 3].map((index) => executor.submit(place, [index])));
        const indexes = Array.from({ length: traits.slots }, (_, index) => index);
        return executor.wait(indexes.map((index) => executor.submit(meet, [directory, index, traits.slots])));
      });
      const where = seen as Place[];
      const pids = new Set(where.map(({ pid }) => pid));
      const threads = new Set(where.map(({ pid, thread }) => `${pid}/${thread}`));
      expect(pids.size).toBe(traits.place === "processes" ? traits.slots : 1);
      expect(threads.size).toBe(traits.slots);
      if (traits.place !== "processes") expect(pids).toEqual(new Set([process.pid]));
    });

    test("stops a task that runs longer than its timeoutMs, and goes on", async () => {
      await executor.start(async () => {
        // Long enough for a slot to load the code on a busy machine: what times out before it runs gets no signal.
        const slow = executor.submit(untilAborted, [directory], { timeoutMs: 3_000 });
        expect(await rejection(slow)).toMatchObject({ code: "TASK_TIMED_OUT" });
        await eventually("the signal to reach the task", () => existsSync(join(directory, "aborted")));
        expect(await executor.submit(inc, [1])).toBe(2);
      });
    });

    test("a task's own timeoutMs counts where the submission gives none", async () => {
      await executor.start(async () => {
        const slow = executor.submit(untilAborted.with({ timeoutMs: 300 }), [directory]);
        expect(await rejection(slow)).toMatchObject({ code: "TASK_TIMED_OUT" });
      });
    });

    test("a timeoutMs longer than any timer can wait stops nothing", async () => {
      await executor.start(async () => {
        const turning = async (): Promise<string> => {
          for (const endMs = performance.now() + 30; performance.now() < endMs; ) await new Promise(setImmediate);
          return "in time";
        };
        expect(await executor.submit(turning, [], { timeoutMs: 2 ** 40 })).toBe("in time");
      });
    });

    test("cancels one future, and with it what needs its result", async () => {
      await executor.start(async () => {
        const running = executor.submit(untilAborted, [directory]);
        const after = executor.submit(echo, [[running]]);
        const ends = Promise.all([rejection(running), rejection(after)]);
        await eventually("the task to run", () => existsSync(join(directory, "running")));
        await running.cancel({ reason: "not wanted any more" });
        const [own, dependent] = await ends;
        expect(own).toMatchObject({ code: "CANCELLED", message: expect.stringContaining("not wanted any more") });
        expect(dependent).toMatchObject({ code: "CANCELLED" });
        expect([running.status, after.status]).toEqual(["cancelled", "cancelled"]);
        expect(await executor.submit(inc, [1])).toBe(2);
      });
    });

    test("cancels a whole run, and what it submits afterwards", async () => {
      const error = await rejection(
        executor.start(async () => {
          const running = executor.submit(untilAborted, [directory]);
          const waiting = executor.wait([running, executor.submit(inc, [1])]);
          const ended = rejection(waiting);
          await eventually("the task to run", () => existsSync(join(directory, "running")));
          await executor.cancelRun?.("the user said so");
          expect(await ended).toMatchObject({
            code: "CANCELLED",
            message: expect.stringContaining("the user said so"),
          });
          expect(await rejection(executor.submit(inc, [1]))).toMatchObject({ code: "CANCELLED" });
          return waiting;
        }),
      );
      expect(error).toMatchObject({ code: "CANCELLED" });
    });

    test("an error of the body ends tasks that still run", async () => {
      const own = new Error("the body's own");
      const error = await rejection(
        executor.start(async () => {
          const running = executor.submit(untilAborted, [directory]);
          void rejection(running);
          await eventually("the task to run", () => existsSync(join(directory, "running")));
          throw own;
        }),
      );
      expect(error).toBe(own);
      await eventually("the signal to reach the task", () => existsSync(join(directory, "aborted")));
    });

    if (traits.stopsCode) {
      test("an error of the body ends even code that holds its thread", async () => {
        const error = await rejection(
          executor.start(async () => {
            const running = executor.submit(holdThread, [directory]);
            void rejection(running);
            await eventually("the task to run", () => existsSync(join(directory, "running")));
            throw new Error("the body's own");
          }),
        );
        expect(story(error)).toBe("Error: the body's own");
      });

      test("a timeout ends even code that holds its thread, and the slot is free again", async () => {
        await executor.start(async () => {
          const hold = executor.submit(holdThread, [directory], { timeoutMs: 300 });
          expect(await rejection(hold)).toMatchObject({ code: "TASK_TIMED_OUT" });
          expect(await executor.wait([1, 2, 3, 4].map((x) => executor.submit(inc, [x])))).toEqual([2, 3, 4, 5]);
        });
      });
    }

    test("two runs of one executor at once do not see each other", async () => {
      const run = (start: number): Promise<unknown> =>
        executor.start(async () => {
          const values: unknown[] = [];
          for (let x = start; x < start + 3; x += 1) values.push(await executor.submit(inc, [x]));
          return values;
        });
      expect(await Promise.all([run(0), run(10)])).toEqual([
        [1, 2, 3],
        [11, 12, 13],
      ]);
    });
  });
}
