import { expect, test } from "vitest";
import { compactForms } from "../../protocol/compact-forms.ts";
import { CompactMessages, FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { weigh } from "../../protocol/frame-weight.ts";
import { fnId, taskId } from "../../protocol/ids.ts";
import type { SchedulerToWorker } from "../../protocol/messages.ts";
import { parseSchedulerToWorker } from "../../protocol/parse.ts";

type Compute = Extract<SchedulerToWorker, { op: "compute" }>;

/** A task with the results of so many others as its inputs. */
const computeOf = (inputs: number): Compute => ({
  op: "compute",
  task: taskId(1),
  attempt: 1,
  key: "sum",
  fn: fnId(1),
  args: [new Uint8Array(1)],
  inputs: Array.from({ length: inputs }, (_, index) => ({
    task: taskId(index + 2),
    bytes: 1_000,
    addresses: ["ws://127.0.0.1:4000"],
  })),
  priority: [0],
  timeoutMs: 0,
  resources: {},
  run: "r",
});

test("a task may have more inputs than a short list has items, as in its schema", () => {
  const compute = computeOf(100_001);
  const frame = new FrameWriter(compactForms).encode([compute]).map((fragment) => Buffer.from(fragment));
  const [read] = new FrameReader(compactForms).decode(frame) as [CompactMessages];
  expect(read).toBeInstanceOf(CompactMessages);
  const [{ inputs }] = read.messages as [Compute];
  expect(inputs).toEqual(compute.inputs);
  expect(parseSchedulerToWorker(compute).op).toBe("compute");
});

test("a task is weighed with a long key, so that a frame of many such tasks stays small", () => {
  const key = "語".repeat(1_000);
  expect(weigh({ ...computeOf(0), key })).toBeGreaterThan(Buffer.byteLength(key));
});

test("a task is weighed with its inputs, so that many of them do not pass what a frame may take", () => {
  const compute = computeOf(10_000);
  const { byteLength: bytes } = Buffer.concat(new FrameWriter(compactForms).encode([compute]));
  expect(weigh(compute)).toBeGreaterThan(bytes / 2);
  expect(weigh(compute)).toBeLessThan(4 * bytes);
});
