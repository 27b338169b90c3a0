import { Graph } from "../../client/graph.ts";
import { compactForms } from "../../protocol/compact-forms.ts";
import { FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { fnId, taskId } from "../../protocol/ids.ts";
import type { SchedulerToWorker, WorkerToScheduler } from "../../protocol/messages.ts";
import { decodeValue, encodeValue } from "../../protocol/value.ts";
import { inc } from "../shapes/tasks.ts";
import { mergeOnCore } from "./merge-on-core.ts";

/** A part by itself. One call of `run` does it `count` times. */
export interface Subject {
  readonly name: string;
  /** What it is done to: figures are per one of these. */
  readonly per: string;
  readonly count: number;
  run(): unknown;
}

const thousand = 1_000;

function times(work: (index: number) => unknown): () => void {
  return () => {
    for (let index = 0; index < thousand; index++) work(index);
  };
}

const rows = Array.from({ length: 100 }, (_, id) => ({ id, name: `row ${id}`, at: new Date(id), tags: ["a", "b"] }));
const encodedNumber = encodeValue([1]);
const encodedRows = encodeValue(rows);

const dones = Array.from(
  { length: thousand },
  (_, i): WorkerToScheduler => ({ op: "done", task: taskId(i), attempt: 1, bytes: 8, startMs: 1.5, endMs: 2.5 }),
);
const doneFrame = [Buffer.concat(new FrameWriter(compactForms).encode(dones))];

const computes = Array.from(
  { length: thousand },
  (_, i): SchedulerToWorker => ({
    op: "compute",
    task: taskId(i),
    attempt: 1,
    key: `inc-${i}-8a6d3c0e-52fd-4d0e-9b8e-0d6f3f1f4d7c`,
    fn: fnId(1),
    args: encodedNumber,
    inputs: [],
    priority: [0, 1, i],
    timeoutMs: 0,
    resources: {},
    run: "8a6d3c0e-52fd-4d0e-9b8e-0d6f3f1f4d7c",
  }),
);
const computeFrame = [Buffer.concat(new FrameWriter(compactForms).encode(computes))];

export const subjects: readonly Subject[] = [
  { name: "scheduler core, submit to memory", per: "task", count: thousand, run: () => mergeOnCore(thousand) },
  {
    name: "graph.add",
    per: "node",
    count: thousand,
    run() {
      const graph = new Graph();
      for (let i = 0; i < thousand; i++) graph.add(inc, [i]);
    },
  },
  { name: "encode [number]", per: "value", count: thousand, run: times((i) => encodeValue([i])) },
  { name: "decode [number]", per: "value", count: thousand, run: times(() => decodeValue(encodedNumber)) },
  { name: "encode 100 rows", per: "value", count: 1, run: () => encodeValue(rows) },
  { name: "decode 100 rows", per: "value", count: 1, run: () => decodeValue(encodedRows) },
  ...framesOf("compute", computes, computeFrame),
  ...framesOf("done", dones, doneFrame),
];

function framesOf(op: string, messages: readonly unknown[], frame: readonly Buffer[]): Subject[] {
  const subject = (name: string, run: () => unknown): Subject => ({
    name: `frame of 1,000 ${op}, ${name}`,
    per: "message",
    count: thousand,
    run,
  });
  return [
    subject("write", () => new FrameWriter(compactForms).encode(messages)),
    subject("read", () => new FrameReader(compactForms).decode(frame)),
  ];
}
