import { Graph } from "../../client/graph.ts";
import { FrameReader, FrameWriter } from "../../protocol/frame.ts";
import { taskId } from "../../protocol/ids.ts";
import type { WorkerToScheduler } from "../../protocol/messages.ts";
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
const firstFrame = [Buffer.concat(new FrameWriter().encode(dones))];

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
  {
    name: "frame of 1,000 done, write",
    per: "message",
    count: thousand,
    run: () => new FrameWriter().encode(dones),
  },
  {
    name: "frame of 1,000 done, read",
    per: "message",
    count: thousand,
    run: () => new FrameReader().decode(firstFrame),
  },
];
