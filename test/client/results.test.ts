import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Client } from "../../client/client.ts";
import { asCompleted, wait } from "../../client/completion.ts";
import type { Future } from "../../client/future.ts";
import { type ProgressCounts, progress } from "../../client/progress.ts";
import type { WireError } from "../../protocol/errors.ts";
import { taskId } from "../../protocol/ids.ts";
import type { TaskSpec } from "../../protocol/messages.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";
import { eventually } from "../eventually.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { shifted } from "./modules/sums.ts";

let cluster: FakeCluster;
let client: Client;

beforeEach(async () => {
  cluster = await FakeCluster.start();
  client = await cluster.connect();
});

afterEach(async () => {
  await client.close();
  await cluster.stop();
});

const failure: WireError = { code: "TASK_FAILED", message: 'Task "t" failed: no', retryable: false, name: "TaskError" };

/** As many futures, submitted, with what stands for them at the scheduler. */
async function submitted(count: number): Promise<{ futures: Future<number>[]; tasks: readonly TaskSpec[] }> {
  const futures = client.map(
    shifted,
    Array.from({ length: count }, (_, index) => index),
  );
  const { tasks } = await cluster.accept();
  return { futures, tasks };
}

const at = <T>(list: readonly T[], index: number): T => list[index] as T;

describe("values", () => {
  test("come straight from the worker, by one request for all that one turn asks for", async () => {
    const { futures, tasks } = await submitted(3);
    const values = client.gather([...futures, at(futures, 0)]);
    for (const [index, task] of tasks.entries()) cluster.finish(task, index * 10);
    expect(await values).toEqual([0, 10, 20, 0]);
    expect(cluster.fetched.flat()).toHaveLength(3);
    expect(cluster.fetched.length).toBeLessThan(3);
    expect(at(futures, 0).status).toBe("finished");
  });

  test("that their holder lacks are reported, and taken from where they then are", async () => {
    const { futures, tasks } = await submitted(1);
    const { future } = at(tasks, 0);
    cluster.tell({ op: "finished", future, task: taskId(77), bytes: 8, addresses: [cluster.address] });
    const value = at(futures, 0).result({ timeoutMs: 5_000 });
    expect(await cluster.next("missing")).toEqual({ op: "missing", future, address: cluster.address });
    cluster.tell({ op: "pending", future });
    cluster.finish({ future }, "again");
    expect(await value).toBe("again");
  });

  test("whose holder cannot be reached are reported, too", async () => {
    const gone = await FakeCluster.start();
    await gone.stop();
    const { futures, tasks } = await submitted(1);
    const { future } = at(tasks, 0);
    cluster.tell({ op: "finished", future, task: taskId(5), bytes: 8, addresses: [gone.address] });
    const value = at(futures, 0).result({ timeoutMs: 5_000 });
    expect(await cluster.next("missing")).toMatchObject({ future, address: gone.address });
    cluster.finish({ future }, 5, 5);
    expect(await value).toBe(5);
  });

  test("of one task that several futures stand for are reported missing by each, and waited for", async () => {
    const { futures, tasks } = await submitted(3);
    const tell = (task: number): void => {
      for (const { future } of tasks)
        cluster.tell({ op: "finished", future, task: taskId(task), bytes: 8, addresses: [cluster.address] });
    };
    tell(77);
    await wait(futures);
    const values = client.gather(futures);
    const reported = [await cluster.next("missing"), await cluster.next("missing"), await cluster.next("missing")];
    expect(reported.map(({ future }) => future).sort()).toEqual(tasks.map(({ future }) => future).sort());
    cluster.store.set(taskId(78), encodeValue("again"));
    tell(78);
    expect(await values).toEqual(["again", "again", "again"]);
    expect(cluster.fetched).toEqual([[taskId(77)], [taskId(78)]]);
  });

  test("that are asked for before a release come, or end in an error that says why they do not", async () => {
    const { futures, tasks } = await submitted(3);
    const [here, gone, sought] = futures as [Future<number>, Future<number>, Future<number>];
    const tell = (index: number, task: number): void => {
      const { future } = at(tasks, index);
      cluster.tell({ op: "finished", future, task: taskId(task), bytes: 8, addresses: [cluster.address] });
    };
    cluster.finish(at(tasks, 0), "here");
    tell(1, 77);
    tell(2, 78);
    await wait(futures);
    const looking = sought.result();
    looking.catch(() => {});
    await cluster.next("missing");
    const values = [here.result(), gone.result()];
    for (const future of futures) future.release();
    const unknown = { code: "UNKNOWN_FUTURE", message: expect.stringContaining("before its value was fetched") };
    await expect(values[1]).rejects.toMatchObject(unknown);
    await expect(looking).rejects.toMatchObject(unknown);
    expect(await values[0]).toBe("here");
    expect(futures.map(({ status }) => status)).toEqual(["finished", "finished", "finished"]);
    await expect(here).rejects.toMatchObject({ code: "UNKNOWN_FUTURE" });
  });

  test("that stay out of reach end in an error that says what is needed", async () => {
    const { futures, tasks } = await submitted(1);
    const { future } = at(tasks, 0);
    const tell = (task: number): void =>
      cluster.tell({ op: "finished", future, task: taskId(task), bytes: 8, addresses: [cluster.address] });
    tell(1);
    const value = at(futures, 0).result();
    value.catch(() => {});
    for (let task = 2; task < 8; task++) {
      await cluster.next("missing");
      tell(task);
    }
    await expect(value).rejects.toMatchObject({
      code: "CONNECTION_LOST",
      message: expect.stringContaining("workers' own addresses"),
    });
  });

  test("that do not decode reject alone", async () => {
    const { futures, tasks } = await submitted(2);
    cluster.store.set(taskId(1), [new Uint8Array([0x93])]);
    cluster.tell({
      op: "finished",
      future: at(tasks, 0).future,
      task: taskId(1),
      bytes: 1,
      addresses: [cluster.address],
    });
    cluster.finish(at(tasks, 1), 1);
    await expect(at(futures, 0)).rejects.toMatchObject({ code: "UNREADABLE_VALUE" });
    expect(await at(futures, 1)).toBe(1);
  });
});

describe("errors", () => {
  test("a failed future rejects, tells its exception, and is skipped when asked for", async () => {
    const { futures, tasks } = await submitted(2);
    cluster.tell({ op: "failed", future: at(tasks, 0).future, error: failure });
    cluster.finish(at(tasks, 1), 1);
    await expect(client.gather(futures)).rejects.toMatchObject({ code: "TASK_FAILED", name: "TaskError" });
    expect(await client.gather(futures, { errors: "skip" })).toEqual([1]);
    expect(await at(futures, 0).exception()).toMatchObject({ code: "TASK_FAILED" });
    expect(await at(futures, 1).exception()).toBeUndefined();
    expect(futures.map(({ status }) => status)).toEqual(["error", "finished"]);
    await expect(client.gather(futures, { errors: "ignore" as never })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  test("cancelled and lost futures say so", async () => {
    const { futures, tasks } = await submitted(2);
    cluster.tell(
      { op: "cancelled", future: at(tasks, 0).future, error: { code: "CANCELLED", message: "c", retryable: false } },
      { op: "lost", future: at(tasks, 1).future, error: { code: "DATA_LOST", message: "l", retryable: false } },
    );
    await expect(at(futures, 0)).rejects.toMatchObject({ name: "CancelledError" });
    await expect(at(futures, 1)).rejects.toMatchObject({ code: "DATA_LOST" });
    expect(futures.map(({ status }) => status)).toEqual(["cancelled", "lost"]);
  });

  test("a time limit ends the waiting alone", async () => {
    const { futures, tasks } = await submitted(1);
    const future = at(futures, 0);
    await expect(future.result({ timeoutMs: 5 })).rejects.toMatchObject({
      code: "TIMED_OUT",
      message: expect.stringContaining(future.key),
    });
    await expect(future.exception({ timeoutMs: 5 })).rejects.toMatchObject({ code: "TIMED_OUT" });
    cluster.finish(at(tasks, 0), 1);
    expect(await future).toBe(1);
  });

  test("a failure that nobody awaits disturbs nobody", async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): unknown => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      const { futures, tasks } = await submitted(1);
      cluster.tell({ op: "failed", future: at(tasks, 0).future, error: failure });
      await wait(futures);
      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off("unhandledRejection", listen);
    }
  });

  test("a failed task can be tried again", async () => {
    const { futures, tasks } = await submitted(1);
    const future = at(futures, 0);
    cluster.tell({ op: "failed", future: at(tasks, 0).future, error: failure });
    await expect(future).rejects.toThrow("failed: no");
    const retried = future.retry();
    const { request, futures: asked } = await cluster.next("retry");
    expect(asked).toEqual([at(tasks, 0).future]);
    cluster.tell({ op: "pending", future: at(tasks, 0).future });
    cluster.tell({ op: "reply", request, value: null });
    await retried;
    cluster.finish(at(tasks, 0), 2);
    expect(await future).toBe(2);
  });
});

describe("completion", () => {
  test("wait returns all, or as soon as one has ended, without fetching", async () => {
    const { futures, tasks } = await submitted(3);
    const first = wait(futures, { returnWhen: "first" });
    const all = wait(futures);
    cluster.tell({ op: "failed", future: at(tasks, 1).future, error: failure });
    expect(await first).toEqual({ done: [at(futures, 1)], pending: [at(futures, 0), at(futures, 2)] });
    cluster.finish(at(tasks, 0), 0);
    cluster.finish(at(tasks, 2), 0);
    expect((await all).done).toEqual(futures);
    expect(cluster.fetched).toEqual([]);
    expect(await wait([])).toEqual({ done: [], pending: [] });
    await expect(wait((await submitted(1)).futures, { timeoutMs: 5 })).rejects.toMatchObject({ code: "TIMED_OUT" });
    await expect(wait(futures, { returnWhen: "any" as never })).rejects.toMatchObject({ code: "BAD_OPTION" });
  });

  test("asCompleted gives the futures themselves, in the order of their ends", async () => {
    const { futures, tasks } = await submitted(3);
    const seen: number[] = [];
    const loop = (async () => {
      const ended = asCompleted(futures);
      for (let next = await ended.next(); next.done !== true; next = await ended.next()) {
        seen.push(futures.indexOf(next.value));
      }
      for await (const value of asCompleted(futures)) expect(Object(value)).toHaveProperty("key");
    })();
    cluster.finish(at(tasks, 2), 0);
    cluster.tell({ op: "failed", future: at(tasks, 0).future, error: failure });
    await wait([at(futures, 0), at(futures, 2)]);
    cluster.finish(at(tasks, 1), 0);
    await loop;
    expect(seen).toEqual([2, 0, 1]);
  });

  test("progress counts, and ends when nothing is pending", async () => {
    const { futures, tasks } = await submitted(3);
    const counting = progress(futures);
    expect(counting.counts()).toEqual({ total: 3, done: 0, failed: 0, pending: 3 });
    const seen: ProgressCounts[] = [];
    const loop = (async () => {
      for await (const counts of counting) {
        seen.push(counts);
        if (counts.pending === 3) cluster.finish(at(tasks, 0), 0);
        if (counts.pending === 2) {
          cluster.tell({ op: "failed", future: at(tasks, 1).future, error: failure });
          cluster.finish(at(tasks, 2), 0);
        }
      }
    })();
    await loop;
    expect(seen.at(0)).toMatchObject({ pending: 3 });
    expect(seen.at(-1)).toEqual({ total: 3, done: 2, failed: 1, pending: 0 });
    expect([counting.total, counting.done, counting.failed, counting.pending]).toEqual([3, 2, 1, 0]);
  });

  test("onDone calls back once, also when it comes late", async () => {
    const { futures, tasks } = await submitted(1);
    const calls: unknown[] = [];
    at(futures, 0).onDone((future) => calls.push(future.status));
    cluster.finish(at(tasks, 0), 0);
    await wait(futures);
    await new Promise<void>((resolve) => at(futures, 0).onDone(() => resolve()));
    cluster.finish(at(tasks, 0), 1, 9);
    await at(futures, 0);
    expect(calls).toEqual(["finished"]);
  });
});

describe("the end of a connection", () => {
  test("a lost one fails what is pending, and every later call", async () => {
    const { futures } = await submitted(1);
    const value = expect(at(futures, 0)).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    const info = expect(client.info()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
    await cluster.hangUp();
    await Promise.all([value, info]);
    expect(at(futures, 0).status).toBe("lost");
    expect(() => client.submit(shifted, [1])).toThrow(expect.objectContaining({ code: "CONNECTION_LOST" }));
    await expect(client.info()).rejects.toMatchObject({ code: "CONNECTION_LOST" });
  });

  test("close rejects what is pending with CLOSED, and may be called twice", async () => {
    const { futures } = await submitted(1);
    const unsent = client.submit(shifted, [1]);
    const ends = [at(futures, 0), unsent].map((future) => expect(future).rejects.toMatchObject({ code: "CLOSED" }));
    await Promise.all([client.close(), client.close()]);
    await Promise.all(ends);
    expect(() => client.submit(shifted, [1])).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });
});

test("futures that were collected as garbage are released, those that are awaited are not", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const awaited = client.submit(shifted, [-1]).result();
  const { tasks } = await submitted(2);
  const release = await eventually("a release", () => {
    collect();
    return cluster.received.find(({ op }) => op === "release");
  });
  const first = tasks.find(({ args }) => (decodeValue(args) as number[])[0] === -1);
  expect(release).toMatchObject({ futures: expect.not.arrayContaining([first?.future]) });
  cluster.finish(at([...tasks], 0), "kept");
  expect(await awaited).toBe("kept");
});

test("values put onto workers are futures at once", async () => {
  const scattered = client.scatter([{ a: 1 }, "two"], { broadcast: true });
  const { request, futures, bytes, broadcast } = await cluster.next("scatter");
  expect([futures.length, broadcast]).toEqual([2, true]);
  expect(bytes.every((count) => count > 0)).toBe(true);
  cluster.tell({
    op: "reply",
    request,
    value: [21, 22].map((task) => ({ task, addresses: [cluster.address] })),
  });
  const { request: last, addresses } = await cluster.next("scattered");
  expect(addresses).toEqual([[cluster.address], [cluster.address]]);
  expect(cluster.store.get(taskId(22))?.map((part) => [...part])).toEqual(encodeValue("two").map((part) => [...part]));
  for (const [index, future] of futures.entries()) {
    cluster.tell({ op: "finished", future, task: taskId(21 + index), bytes: 8, addresses: [cluster.address] });
  }
  cluster.tell({ op: "reply", request: last, value: null });
  expect(await client.gather((await scattered) as Future<unknown>[])).toEqual([{ a: 1 }, "two"]);
});
