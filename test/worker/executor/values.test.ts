import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decodeValue, encodeValue, Ref } from "../../../protocol/value.ts";
import type { JobEnd } from "../../../worker/executor/slot-pool.ts";
import { kinds, SlotRig } from "./slot-rig.ts";

const resultOf = (end: JobEnd): unknown => {
  expect(end).toMatchObject({ kind: "done" });
  return end.kind === "done" ? decodeValue(end.value) : undefined;
};

const registry = new URL("../../../protocol/task-registry.ts", import.meta.url).href;
const context = new URL("../../../protocol/task-context.ts", import.meta.url).href;

describe.each(kinds)("values in %s", (kind) => {
  let rig: SlotRig;
  beforeEach(async () => {
    rig = await SlotRig.start({ kind, slots: 2 });
  });
  afterEach(() => rig.close());

  test("arguments and results keep their shape", async () => {
    const value = {
      when: new Date(5),
      set: new Set([1, "a"]),
      big: 2n ** 70n,
      none: undefined,
      list: [new Map([[1, 2]])],
    };
    expect(resultOf(await rig.run("export default (...args) => args", [value, null, -0]))).toEqual([value, null, -0]);
  });

  test("inputs take the places of their refs, each its own copy", async () => {
    const input = encodeValue({ rows: [1, 2, 3] });
    const code = await rig.bundle("export default (list) => { list[0].rows.push(4); return list }");
    const args = encodeValue([[new Ref(0), "x", new Ref(0)]]);
    for (const _ of [1, 2]) {
      const end = await rig.end(rig.submit(code, [], { args, inputs: [input] }));
      expect(resultOf(end)).toEqual([{ rows: [1, 2, 3, 4] }, "x", { rows: [1, 2, 3, 4] }]);
    }
  });

  test("large binaries pass, and a task keeps the buffer that it returns", async () => {
    const code = await rig.bundle(`
      const kept = new Uint8Array(3_000_000).fill(7);
      export default (given) => { kept[0] += 1; return { kept, bytes: given.byteLength, first: given[0] } };
    `);
    const given = new Uint8Array(2_000_000).fill(9);
    const input = encodeValue(given);
    for (const first of [8, 9]) {
      const result = resultOf(
        await rig.end(rig.submit(code, [], { args: encodeValue([new Ref(0)]), inputs: [input] })),
      );
      expect(result).toMatchObject({ bytes: 2_000_000, first: 9 });
      expect((result as { kept: Uint8Array }).kept.subarray(0, 2)).toEqual(new Uint8Array([first, 7]));
    }
    expect(Buffer.compare(decodeValue(input) as Uint8Array, given)).toBe(0);
  });

  test(`what lies in shared memory ${kind === "threads" ? "is the same to all" : "is each task's own copy"}`, async () => {
    const made = await rig.run("export default () => new Float64Array(new SharedArrayBuffer(800_000)).fill(1)", []);
    if (made.kind !== "done") throw new Error("it failed");
    const code = await rig.bundle("export default (numbers) => (numbers[5] += 1, [numbers[5], numbers.length])");
    const args = encodeValue([new Ref(0)]);
    const seen: unknown[] = [];
    for (const _ of [1, 2]) seen.push(resultOf(await rig.end(rig.submit(code, [], { args, inputs: [made.value] }))));
    const seconds = kind === "threads" ? 3 : 2;
    expect(seen).toEqual([
      [2, 100_000],
      [seconds, 100_000],
    ]);
  });

  test("tasks are found by name, promises are awaited, and the context says where they run", async () => {
    const code = await rig.bundle(
      `import { registerTask } from "${registry}";
       import { taskContext } from "${context}";
       const place = { file: import.meta.filename, line: 1, task: {} };
       registerTask({ ...place, name: "where", fn: async (x) => {
         await new Promise(setImmediate);
         const { key, attempt, worker, flowRun } = taskContext();
         return { x, key, attempt, worker, flowRun };
       }});`,
      "where",
    );
    const end = await rig.end(rig.submit(code, [1], { key: "where-1", attempt: 3, flowRun: "run-7" }));
    const worker = { name: "anna", address: "ws://127.0.0.1:1" };
    expect(resultOf(end)).toEqual({ x: 1, key: "where-1", attempt: 3, worker, flowRun: "run-7" });
    expect(rig.events.map((event) => event.kind)).toEqual(["started", "done"]);
  });

  test("each slot is a thread or process of its own, and loads a bundle once", async () => {
    const code = await rig.bundle(`
      import { threadId } from "node:worker_threads";
      let calls = 0;
      export default () => ({ pid: process.pid, threadId, calls: ++calls });
    `);
    const both = [rig.submit(code), rig.submit(code)];
    expect(rig.pool.free).toBe(0);
    expect(() => rig.submit(code)).toThrow("none of 2 slots is free");
    const places = await Promise.all(
      both.map(async (job) => resultOf(await rig.end(job)) as { pid: number; threadId: number }),
    );
    const again = resultOf(await rig.end(rig.submit(code))) as { calls: number };
    expect(again.calls).toBe(2);
    if (kind === "threads") {
      expect(places.map((place) => place.pid)).toEqual([process.pid, process.pid]);
      expect(new Set(places.map((place) => place.threadId)).size).toBe(2);
      expect(rig.pool.pids()).toEqual([]);
    } else {
      expect(new Set(places.map((place) => place.pid))).toEqual(new Set(rig.pool.pids()));
      expect(new Set([process.pid, ...rig.pool.pids()]).size).toBe(3);
    }
  });

  test("what user code says on the channels that it can reach is not taken for ours", async () => {
    const end = await rig.run(`
      import { parentPort, workerData } from "node:worker_threads";
      export default () => {
        const forged = { kind: "done", job: 1, value: [], startMs: 0, endMs: 0 };
        parentPort?.postMessage(forged);
        process.send?.({ musterSlot: forged });
        return { send: typeof process.send, data: workerData === null ? [] : Object.keys(workerData) };
      }
    `);
    expect(resultOf(end)).toEqual({ send: "undefined", data: [] });
  });
});
