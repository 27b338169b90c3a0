import type { CompactReader, CompactWriter } from "./compact-bytes.ts";
import {
  readAmount,
  readAmounts,
  readBulk,
  readList,
  readNumber,
  readValue,
  readWord,
  writeAmounts,
  writeValue,
  writeWords,
} from "./compact-fields.ts";
import { releaseForm, submitForm } from "./compact-submission.ts";
import { fnId, futureId, type TaskId, taskId } from "./ids.ts";
import { smallValueBytesMax } from "./limits.ts";
import type {
  ClientToScheduler,
  Input,
  PeerAnswer,
  SchedulerToClient,
  SchedulerToWorker,
  WorkerToScheduler,
} from "./messages.ts";

/**
 * How a kind of message is written without names and read without a schema. For those that come by the thousand; all others
 * are msgpack. Reading checks as much as parsing does: a number that should be whole is, and nothing is longer than what came.
 */
export interface CompactForm<Message extends AnyMessage = AnyMessage> {
  readonly op: Message["op"];
  /** Whether it gains by it. Default: always. */
  fits?(message: Message): boolean;
  write(to: CompactWriter, message: Message): void;
  read(from: CompactReader): Message;
}

type AnyMessage = SchedulerToWorker | WorkerToScheduler | ClientToScheduler | SchedulerToClient | PeerAnswer;
type Of<Op extends AnyMessage["op"]> = Extract<AnyMessage, { readonly op: Op }>;

const compute: CompactForm<Of<"compute">> = {
  op: "compute",
  write(to, { task, attempt, key, fn, args, inputs, priority, timeoutMs, resources, run, alone }) {
    to.uint(task);
    to.uint(attempt);
    to.text(key);
    to.uint(fn);
    writeValue(to, args);
    to.uint(inputs.length);
    for (const input of inputs) writeInput(to, input);
    to.uint(priority.length);
    for (const part of priority) to.float(part);
    to.float(timeoutMs);
    writeAmounts(to, resources);
    to.word(run);
    to.flag(alone === true);
  },
  read: (from) => ({
    op: "compute",
    task: taskId(from.uint()),
    attempt: from.uint(),
    key: from.text(),
    fn: fnId(from.uint()),
    args: readValue(from),
    inputs: readBulk(from, readInput),
    priority: readList(from, readNumber),
    timeoutMs: readAmount(from),
    resources: readAmounts(from),
    run: from.word(),
    alone: from.flag() || undefined,
  }),
};

const started: CompactForm<Of<"started">> = {
  op: "started",
  write(to, { task, attempt }) {
    to.uint(task);
    to.uint(attempt);
  },
  read: (from) => ({ op: "started", task: taskId(from.uint()), attempt: from.uint() }),
};

const done: CompactForm<Of<"done">> = {
  op: "done",
  write(to, { task, attempt, bytes, startMs, endMs }) {
    to.uint(task);
    to.uint(attempt);
    to.uint(bytes);
    to.float(startMs);
    to.float(endMs);
  },
  read: (from) => ({
    op: "done",
    task: taskId(from.uint()),
    attempt: from.uint(),
    bytes: from.uint(),
    startMs: from.finite(),
    endMs: from.finite(),
  }),
};

const stored: CompactForm<Of<"stored">> = {
  op: "stored",
  write(to, { task, bytes }) {
    to.uint(task);
    to.uint(bytes);
  },
  read: (from) => ({ op: "stored", task: taskId(from.uint()), bytes: from.uint() }),
};

const free: CompactForm<Of<"free">> = {
  op: "free",
  write(to, { tasks }) {
    to.uint(tasks.length);
    for (const task of tasks) to.uint(task);
  },
  read: (from) => ({ op: "free", tasks: readBulk(from, readTask) }),
};

const finished: CompactForm<Of<"finished">> = {
  op: "finished",
  write(to, { future, task, bytes, addresses }) {
    to.uint(future);
    to.uint(task);
    to.uint(bytes);
    writeWords(to, addresses);
  },
  read: (from) => ({
    op: "finished",
    future: futureId(from.uint()),
    task: taskId(from.uint()),
    bytes: from.uint(),
    addresses: readList(from, readWord),
  }),
};

/** Small values: one shard each, which is all of it. */
const shard: CompactForm<Of<"shard">> = {
  op: "shard",
  fits: ({ bytes, last, chunkBytes }) => bytes.byteLength <= smallValueBytesMax && last && chunkBytes.length === 1,
  write(to, { request, task, bytes }) {
    to.uint(request);
    to.uint(task);
    to.bytes(bytes);
  },
  read(from) {
    const [request, task, bytes] = [from.uint(), taskId(from.uint()), from.bytes()];
    return { op: "shard", request, task, chunkBytes: [bytes.byteLength], chunk: 0, offset: 0, bytes, last: true };
  },
};

/** By op; no op means two things in two directions. */
export const compactForms: ReadonlyMap<string, CompactForm> = new Map(
  [submitForm, releaseForm, compute, started, done, stored, free, finished, shard].map((form) => [
    form.op as string,
    form as unknown as CompactForm,
  ]),
);

const readTask = (from: CompactReader): TaskId => taskId(from.uint());
const readInput = (from: CompactReader): Input => ({
  task: taskId(from.uint()),
  bytes: from.uint(),
  addresses: readList(from, readWord),
});

function writeInput(to: CompactWriter, { task, bytes, addresses }: Input): void {
  to.uint(task);
  to.uint(bytes);
  writeWords(to, addresses);
}
