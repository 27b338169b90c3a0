import { afterEach, beforeEach, describe, expect, expectTypeOf, test } from "vitest";
import type { Client } from "../../client/client.ts";
import type { Future } from "../../client/future.ts";
import type { TaskSpec } from "../../protocol/messages.ts";
import { decodeValue } from "../../protocol/value.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { boom, shifted, tripled } from "./modules/sums.ts";

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

const argsOf = (spec: TaskSpec | undefined, refs: readonly unknown[] = []): unknown =>
  decodeValue(spec?.args ?? [], refs);

test("what is submitted in one turn goes out as one submission, after its code", async () => {
  const one = client.submit(tripled, [{ x: 1 }]);
  const two = client.submit(shifted, [one]);
  expectTypeOf(two).toEqualTypeOf<Future<number>>();
  const { tasks, requests, prefix } = await cluster.accept();
  expect(tasks.map(({ deps }) => deps)).toEqual([[], [tasks[0]?.future]]);
  expect(argsOf(tasks[0])).toEqual([{ x: 1 }]);
  expect(argsOf(tasks[1], [30])).toEqual([30]);
  expect(requests).toEqual([
    { retries: 0, priority: 0, resources: {}, workers: [], allowOtherWorkers: false, timeoutMs: 0 },
  ]);
  expect([one.key, two.key]).toEqual([`tripled-1-${prefix}`, `shifted-2-${prefix}`]);
  const before = cluster.received.map(({ op }) => op);
  expect(before).toEqual(["has-bundles", "put-bundle", "define-fn", "define-fn", "submit"]);
  expect(cluster.bundles.size).toBe(1);

  client.submit(boom, ["later"]);
  await cluster.accept();
  // Another task of the same module needs nothing but its name.
  expect(cluster.received.slice(before.length).map(({ op }) => op)).toEqual(["define-fn", "submit"]);
});

test("futures stand anywhere inside arrays and plain objects, each once", async () => {
  const a = client.submit(shifted, [1]);
  const b = client.submit(
    (x: { all: number[]; one: { n: number } }) => x.all.length + x.one.n,
    [{ all: [a, 2, a], one: { n: a } }],
  );
  const { tasks } = await cluster.accept();
  expect(tasks[1]?.deps).toEqual([tasks[0]?.future]);
  expect(argsOf(tasks[1], ["A"])).toEqual([{ all: ["A", 2, "A"], one: { n: "A" } }]);
  expect(b.key).toMatch(/^inline-2-/);
});

test("options of a submission win over the task's own; equal requests are stated once", async () => {
  const patient = shifted.with({ retries: 3, timeoutMs: 100 });
  client.submit(patient, [1]);
  client.submit(patient, [2], {
    retries: 1,
    resources: { GPU: 1 },
    workers: ["a"],
    allowOtherWorkers: true,
    priority: 5,
  });
  client.submit(shifted, [3], { retries: 3, timeoutMs: 100 });
  client.submit(shifted, [4], { run: "other" });
  const first = await cluster.accept();
  expect(first.tasks.map(({ request }) => request)).toEqual([0, 1, 0]);
  expect(first.requests[1]).toEqual({
    retries: 1,
    timeoutMs: 100,
    resources: { GPU: 1 },
    workers: ["a"],
    allowOtherWorkers: true,
    priority: 5,
  });
  const second = await cluster.accept();
  expect([second.run, second.tasks.length]).toEqual(["other", 1]);
  expect(second.run).not.toBe(first.run);
});

test("explicit, pure and mapped keys", async () => {
  const named = client.submit(shifted, [1], { key: "mine" });
  const [pure, same, other] = [[1], [1], [2]].map((args) => client.submit(shifted, args as [number], { pure: true }));
  const mapped = client.map(shifted, [7, 8], { key: "row" });
  const { tasks } = await cluster.accept();
  expect(tasks.map(({ key }) => key)).toEqual([
    "mine",
    ...[pure, same, other].map((future) => future?.key),
    "row-0",
    "row-1",
  ]);
  expect(named.key).toBe("mine");
  expect(pure?.key).toMatch(/^shifted-[0-9a-f]{32}$/);
  expect(same?.key).toBe(pure?.key);
  expect(other?.key).not.toBe(pure?.key);
  expect(mapped.map(({ key }) => key)).toEqual(["row-0", "row-1"]);
});

test("bad options are refused at once, all in one error", () => {
  expect(() => client.submit(shifted, [1], { retries: 0.5, workers: "all", when: "now" } as never)).toThrow(
    expect.objectContaining({
      code: "BAD_OPTION",
      message: expect.stringMatching(/submitting shifted.*retries should be.*workers should be.*when is unknown/),
    }),
  );
  expect(() => client.submit("shifted" as never, [])).toThrow(/a task or a function, not string/);
  expect(() => client.submit(shifted, undefined as never)).toThrow(/an array of its arguments/);
  expect(() => client.map(shifted, 3 as never)).toThrow(/the values to call it with/);
});

const long = "k".repeat(1_025);

test.each<[string, RegExp, () => unknown]>([
  ["a key", /key should be .* 1 to 1,024 characters/, () => client.submit(shifted, [1], { key: long })],
  ["a run", /run should be .* 1 to 512 characters/, () => client.submit(shifted, [1], { run: long })],
  ["a worker", /workers should be .* 1 to 512 characters/, () => client.submit(shifted, [1], { workers: [long] })],
  [
    "a resource",
    /resources should be .* 512 characters/,
    () => client.submit(shifted, [1], { resources: { [long]: 1 } }),
  ],
  ["retries", /retries should be .* to 2\^53 - 1/, () => client.submit(shifted, [1], { retries: 2 ** 53 })],
  ["very many retries", /retries should be/, () => client.submit(shifted, [1], { retries: 1e300 })],
  ["a key to explain", /key should be/, () => client.explain(long)],
  ["a key of logs", /key should be/, () => client.logs({ key: long })],
  ["a run to cancel", /run should be/, () => client.cancelRun(long)],
  ["a worker to retire", /names should be/, () => client.retireWorkers([long])],
  ["copies", /count should be/, () => client.replicate([], 2 ** 53)],
])("what would not fit into a message is refused, and not shown whole: %s", async (_, problem, call) => {
  const error: unknown = await Promise.resolve()
    .then(call)
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "BAD_OPTION", message: expect.stringMatching(problem) });
  expect((error as Error).message.length).toBeLessThan(400);
});

test("a key may have 1,024 characters, and more where map appends a number", async () => {
  const [mapped] = client.map(shifted, [1], { key: "語".repeat(1_024) });
  const { tasks } = await cluster.accept();
  expect(tasks[0]?.key).toBe(`${"語".repeat(1_024)}-0`);
  expect(mapped?.key).toBe(tasks[0]?.key);
});

test("what cannot be sent fails its future, and those that need it, and nothing else", async () => {
  const factor = 3;
  const open = client.submit((x: number) => x * factor, [1]);
  const dependent = client.submit(shifted, [open]);
  const unsendable = client.submit(tripled, [{ x: (() => 1) as never }]);
  const fine = client.submit(shifted, [1]);
  const { tasks } = await cluster.accept();
  expect(tasks.map(({ future }) => future)).toEqual([4]);
  await expect(open).rejects.toMatchObject({ code: "NOT_SELF_CONTAINED", message: expect.stringContaining("factor") });
  await expect(dependent).rejects.toMatchObject({ code: "NOT_SELF_CONTAINED" });
  await expect(unsendable).rejects.toMatchObject({
    code: "UNSENDABLE_VALUE",
    message: expect.stringMatching(/"tripled".*args\[0\]\.x is a function/),
  });
  expect(fine.status).toBe("pending");
  // What needs it later fails as well: the scheduler never heard of it.
  await expect(client.submit(shifted, [open])).rejects.toMatchObject({ code: "NOT_SELF_CONTAINED" });
});

test("a rejected submission fails its futures", async () => {
  const future = client.submit(shifted, [1], { key: "taken" });
  const { submission } = await cluster.next("submit");
  cluster.tell({
    op: "rejected",
    submission,
    error: { code: "KEY_CONFLICT", message: 'The key "taken" stands for other work.', retryable: false },
  });
  await expect(future).rejects.toMatchObject({ code: "KEY_CONFLICT" });
  expect(future.status).toBe("error");
});

test("arguments that are too large for a message say what to do", async () => {
  const future = client.submit((bytes: Uint8Array) => bytes.length, [new Uint8Array(33 * 2 ** 20)]);
  await expect(future).rejects.toMatchObject({
    code: "TOO_LARGE",
    message: expect.stringContaining("client.scatter()"),
  });
});

describe("order", () => {
  test("cancel and release wait for the submission that is still being prepared", async () => {
    const future = client.submit(shifted, [1]);
    const kept = client.submit(shifted, [future]);
    future.release();
    const cancelled = kept.cancel({ force: false, reason: "changed my mind" });
    const { tasks } = await cluster.accept();
    expect(await cluster.reply("cancel", null)).toMatchObject({
      futures: [tasks[1]?.future],
      force: false,
      reason: "changed my mind",
    });
    expect(await cluster.next("release")).toMatchObject({ futures: [tasks[0]?.future] });
    await cancelled;
    const ops = cluster.received.map(({ op }) => op);
    expect(ops.indexOf("submit")).toBeLessThan(ops.indexOf("cancel"));
    expect(ops.indexOf("submit")).toBeLessThan(ops.indexOf("release"));
    expect(() => future.onDone(() => {})).toThrow(expect.objectContaining({ code: "UNKNOWN_FUTURE" }));
    await expect(client.submit(shifted, [future])).rejects.toMatchObject({ code: "UNKNOWN_FUTURE" });
  });
});
