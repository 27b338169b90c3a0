import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeValue } from "../../../protocol/value.ts";
import type { SlotJob } from "../../../worker/executor/slot-job.ts";
import type { SlotPoolOptions } from "../../../worker/executor/slot-pool.ts";
import { watchLeaks } from "../../e2e/leaks.ts";
import { isEnd, SlotRig } from "./slot-rig.ts";

watchLeaks();
let rig: SlotRig;
beforeEach(async () => {
  // No busy machine is to make a stall where a test is about none.
  rig = await SlotRig.start({ kind: "threads", graceMs: 50, stallMs: 30_000 });
});
/** Jobs that run for so long are taken to stall from now on. */
const stallAfter = (stallMs: number): Promise<void> => restart({ stallMs });
async function restart(options: Partial<SlotPoolOptions>): Promise<void> {
  await rig.close();
  rig = await SlotRig.start({ kind: "threads", graceMs: 50, stallMs: 30_000, ...options });
}
afterEach(async () => {
  const ends = rig.events.filter(isEnd).map((end) => end.job);
  expect(ends).toEqual([...new Set(ends)]);
  await rig.close();
});

const brief = { brief: true } as const;
let following = 1_000;

/** Hands a brief job over behind what runs. */
function follow(code: Pick<SlotJob, "fn" | "codePath">, ...args: number[]): number {
  following += 1;
  const job = {
    id: following,
    key: `job-${following}`,
    attempt: 1,
    args: encodeValue(args),
    inputs: [],
    timeoutMs: 0,
  };
  expect(rig.pool.runAhead({ ...job, ...code, brief: true })).toBe(true);
  return following;
}

const astray = "export default () => new Promise(() => { queueMicrotask(() => { throw new Error('astray'); }); })";
const counter = "globalThis.count ??= 0; export default () => ++globalThis.count";

test("brief jobs run one after the other, in the order in which they were handed over", async () => {
  const code = await rig.bundle(counter);
  const jobs = [rig.submit(code, [], brief), ...Array.from({ length: 200 }, () => follow(code))];
  await rig.end(jobs.at(-1) as number);
  const done = rig.events.filter(isEnd);
  expect(done.map(({ job }) => job)).toEqual(jobs);
  expect(done.map((end) => end.kind === "done" && end.value[0]?.at(-1))).toEqual(jobs.map((_, index) => index + 1));
  expect(rig.pool.free).toBe(1);
});

test("those behind one that does not end are given back, and not begun", async () => {
  await stallAfter(20);
  const stuck = await rig.bundle("export default () => new Promise((resolve) => setTimeout(resolve, 300))");
  const code = await rig.bundle(counter);
  const first = rig.submit(stuck, [], brief);
  const behind = [follow(code), follow(code)];
  expect(await rig.until(({ kind }) => kind === "stalled")).toEqual({ kind: "stalled", job: first, behind });
  expect(rig.pool.runAhead({ id: 9_999, key: "k", attempt: 1, args: [], inputs: [], timeoutMs: 0, ...code })).toBe(
    false,
  );
  await rig.end(first);
  expect(await rig.end(rig.submit(code))).toMatchObject({ kind: "done", value: [Uint8Array.of(1)] });
});

test("so are those behind one that blocks its thread; what had ended before it is told", async () => {
  await stallAfter(1_000);
  const code = await rig.bundle(counter);
  const loop = await rig.bundle("export default () => { for (;;); }");
  const first = rig.submit(code, [], brief);
  const [second, endless, last] = [follow(code), follow(loop), follow(code)];
  expect(await rig.until(({ kind }) => kind === "stalled")).toEqual({ kind: "stalled", job: endless, behind: [last] });
  expect(await Promise.all([rig.end(first), rig.end(second)])).toMatchObject([{ kind: "done" }, { kind: "done" }]);
  rig.pool.cancel(endless, true);
  expect(await rig.end(endless)).toEqual({ kind: "cancelled", job: endless });
});

test("one is cancelled where it waits, and those around it run", async () => {
  const code = await rig.bundle(counter);
  const slow = await rig.bundle("export default () => new Promise((resolve) => setTimeout(resolve, 5))");
  const first = rig.submit(slow, [], brief);
  const [second, third, fourth] = [follow(code), follow(code), follow(code)];
  rig.pool.cancel(third, true);
  expect(await rig.end(third)).toEqual({ kind: "cancelled", job: third });
  const rest = rig.until((event) =>
    event.kind === "stalled" ? event.behind.includes(fourth) : isEnd(event) && event.job === fourth,
  );
  await rig.end(first);
  await rest;
  expect(rig.events.filter(isEnd).some(({ job, kind }) => job === second && kind !== "done")).toBe(false);
});

test("one that is stopped as soon as it is handed over ends at once, begun or not, and those behind it are given back", async () => {
  await restart({ graceMs: 60_000 });
  const obedient = await rig.bundle(`
    import { taskContext } from "${new URL("../../../protocol/task-context.ts", import.meta.url).pathname}";
    export default () => new Promise((_, reject) => {
      const { signal } = taskContext();
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  `);
  const code = await rig.bundle(counter);
  const first = rig.submit(obedient, [], brief);
  const behind = [follow(code), follow(code)];
  rig.pool.cancel(first, true);
  expect(await rig.end(first)).toEqual({ kind: "cancelled", job: first });
  expect(rig.events.filter(({ kind }) => kind !== "started")).toEqual([
    { kind: "stalled", job: first, behind },
    { kind: "cancelled", job: first },
  ]);
  expect(rig.pool.free).toBe(1);
});

test("one that ends its thread takes none of the others with it", async () => {
  const code = await rig.bundle(counter);
  const exit = await rig.bundle("export default () => { process.exit(3) }");
  const first = rig.submit(code, [], brief);
  const [leaver, last] = [follow(exit), follow(code)];
  expect(await rig.end(leaver)).toMatchObject({ kind: "failed", error: { code: "TASK_EXITED" } });
  expect(await rig.end(first)).toMatchObject({ kind: "done" });
  expect(rig.events).toContainEqual({ kind: "stalled", job: leaver, behind: [last] });
});

test("one that fails with code of its own still running takes none of the others with it, and none is begun beside that code", async () => {
  const code = await rig.bundle(counter);
  const first = rig.submit(await rig.bundle(astray), [], brief);
  const behind = [follow(code), follow(code), follow(code)];
  expect(await rig.end(first)).toMatchObject({ kind: "failed", error: { code: "TASK_FAILED" } });
  expect(rig.events.filter(({ kind }) => kind !== "failed" && kind !== "started")).toEqual([
    { kind: "stalled", job: first, behind },
  ]);
  expect(rig.pool.free).toBe(1);
  expect(await rig.end(rig.submit(code))).toMatchObject({ kind: "done", value: [Uint8Array.of(1)] });
});

test("one that had not begun when another ended the thread begins in the next", async () => {
  const leaves = await rig.bundle("export default () => { process.nextTick(() => process.exit(7)); }");
  const code = await rig.bundle(counter);
  const first = rig.submit(leaves, [], brief);
  const [second, last] = [follow(code), follow(code)];
  expect(await rig.end(second)).toMatchObject({ kind: "done", value: [Uint8Array.of(1)] });
  expect(await rig.end(first)).toMatchObject({ kind: "done" });
  expect(rig.events).toContainEqual({ kind: "stalled", job: second, behind: [last] });
});

test("one that takes long has none handed over behind it, though none waited there when that was seen", async () => {
  await stallAfter(20);
  const waits = "export default () => new Promise(() => {})";
  const first = rig.submit(await rig.bundle(waits), [], brief);
  expect(await rig.until(({ kind }) => kind === "stalled")).toEqual({ kind: "stalled", job: first, behind: [] });
  const next = { id: 9_999, key: "k", attempt: 1, args: [], inputs: [], timeoutMs: 0, ...(await rig.bundle(counter)) };
  expect(rig.pool.runAhead({ ...next, brief: true })).toBe(false);
  rig.pool.cancel(first, true);
  expect(await rig.end(first)).toEqual({ kind: "cancelled", job: first });
});

test("an error that one leaves behind fails nobody else", async () => {
  const code = await rig.bundle(counter);
  const careless = await rig.bundle('export default () => { Promise.reject(new Error("nobody catches this")); }');
  const first = rig.submit(careless, [], brief);
  const others = [follow(code), follow(code), follow(code)];
  expect(await rig.end(first)).toMatchObject({ kind: "done" });
  for (const job of others) expect(await rig.end(job)).toMatchObject({ kind: "done" });
  await rig.line("nobody catches this");
});

test("results of any size come, in whatever order", async () => {
  const size = await rig.bundle("export default (n) => new Uint8Array(globalThis.next = (globalThis.next ?? 1) * 20)");
  const jobs = [rig.submit(size, [], brief), ...Array.from({ length: 4 }, () => follow(size))];
  const ends = await Promise.all(jobs.map((job) => rig.end(job)));
  expect(ends.map(({ kind }) => kind)).toEqual(jobs.map(() => "done"));
});

test("one that waits for tasks of its own is told to do so, though nobody has looked at the end of the one before", async () => {
  await restart({ cluster: { address: "ws://127.0.0.1:1", token: "", tls: undefined } });
  const file = (name: string): string => JSON.stringify(new URL(`../../../protocol/${name}.ts`, import.meta.url).href);
  const waits = await rig.bundle(`
    import { registerNestedClient } from ${file("nested-client")};
    import { taskContext } from ${file("task-context")};
    export default async () => {
      const { client, signal } = taskContext();
      registerNestedClient(async ({ onWaiting }) => (onWaiting(true), { close: async () => {} }));
      await client();
      await new Promise((_, reject) => signal.addEventListener("abort", reject));
    }`);
  const code = await rig.bundle(counter);
  const first = rig.submit(code, [], brief);
  const [waiting, last] = [follow(waits), follow(code)];
  await rig.until(({ kind }) => kind === "blocked");
  const told = rig.events.filter(({ kind }) => kind === "done" || kind === "blocked" || kind === "stalled");
  expect(told).toMatchObject([
    { kind: "done", job: first },
    { kind: "blocked", job: waiting },
    { kind: "stalled", job: waiting, behind: [last] },
  ]);
  rig.pool.cancel(waiting, true);
  expect(await rig.end(waiting)).toEqual({ kind: "cancelled", job: waiting });
});

const thread = 'import { threadId } from "node:worker_threads"; export default () => threadId';

test("one that fails with code of its own still running has its thread replaced, though nobody has looked at the end of the one before", async () => {
  const place = await rig.bundle(thread);
  const first = rig.submit(place, [], brief);
  const bad = follow(await rig.bundle(astray));
  const failed = await rig.end(bad);
  expect(failed).toMatchObject({ kind: "failed", error: { code: "TASK_FAILED" } });
  const before = await rig.end(first);
  expect(rig.events.filter(isEnd)).toEqual([before, failed]);
  const after = await rig.end(rig.submit(place));
  expect((after as { value: unknown }).value).not.toEqual((before as { value: unknown }).value);
});
