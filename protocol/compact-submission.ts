import type { CompactReader, CompactWriter } from "./compact-bytes.ts";
import {
  readAmount,
  readAmounts,
  readBulk,
  readFuture,
  readFutures,
  readList,
  readValue,
  readWord,
  writeAmounts,
  writeFuture,
  writeFutures,
  writeValue,
  writeWords,
} from "./compact-fields.ts";
import type { CompactForm } from "./compact-forms.ts";
import { type FnId, type FutureId, fnId, futureId } from "./ids.ts";
import { keyPartCharsMax } from "./limits.ts";
import type { ClientToScheduler, EncodedValue, Submission, TaskRequest, TaskSpec } from "./messages.ts";

/** What is said of a task before its fields: which of them are there, and which are those of the task before it. */
const has = { key: 1, wanted: 2, nextFuture: 4, sameFn: 8, sameRequest: 16, onePart: 32 } as const;

/** Before the first task of a submission. */
const none = -1;

/** Tasks are told by how they differ from the one before: a call among many like it takes a few bytes and its arguments. */
export const submitForm: CompactForm<Submission> = {
  op: "submit",
  write(to, { submission, run, prefix, parent, requests, tasks }) {
    to.uint(submission);
    to.word(run);
    to.word(prefix);
    to.flag(parent !== undefined);
    if (parent !== undefined) to.text(parent);
    to.uint(requests.length);
    for (const request of requests) writeRequest(to, request);
    to.uint(tasks.length);
    let [lastFuture, lastFn, lastRequest]: [number, number, number] = [none, none, none];
    for (const { future, fn, args, deps, request, key, wanted } of tasks) {
      to.uint(
        (key === undefined ? 0 : has.key) +
          (wanted ? has.wanted : 0) +
          (future === lastFuture + 1 ? has.nextFuture : 0) +
          (fn === lastFn ? has.sameFn : 0) +
          (request === lastRequest ? has.sameRequest : 0) +
          (args.length === 1 ? has.onePart : 0),
      );
      if (future !== lastFuture + 1) to.uint(future);
      if (fn !== lastFn) to.uint(fn);
      if (request !== lastRequest) to.uint(request);
      if (key !== undefined) to.text(key);
      writeFutures(to, deps, future);
      if (args.length === 1) to.bytes(args[0] as Uint8Array);
      else writeValue(to, args);
      [lastFuture, lastFn, lastRequest] = [future, fn, request];
    }
  },
  read(from) {
    const submission = from.uint();
    const run = from.word();
    const prefix = readPrefix(from);
    const parent = from.flag() ? from.text() : undefined;
    const requests = readBulk(from, readRequest);
    const reader = new TaskReader();
    const tasks = readBulk(from, (next) => reader.read(next));
    return parent === undefined
      ? { op: "submit", submission, run, prefix, requests, tasks }
      : { op: "submit", submission, run, prefix, parent, requests, tasks };
  },
};

function readPrefix(from: CompactReader): string {
  const prefix = from.word();
  if (prefix.length > keyPartCharsMax) throw new Error("a prefix is too long");
  return prefix;
}

/** What it remembers of the task before. */
class TaskReader {
  #future: number = none;
  #fn: number = none;
  #request: number = none;

  read(from: CompactReader): TaskSpec {
    const fields = from.uint();
    const future: FutureId = (fields & has.nextFuture) === 0 ? futureId(from.uint()) : next(this.#future);
    const fn: FnId = fnId((fields & has.sameFn) === 0 ? from.uint() : known(this.#fn));
    const request = (fields & has.sameRequest) === 0 ? from.uint() : known(this.#request);
    const key = (fields & has.key) === 0 ? undefined : from.text();
    const deps = readFutures(from, future);
    const args: EncodedValue = (fields & has.onePart) === 0 ? readValue(from) : [from.bytes()];
    this.#future = future;
    this.#fn = fn;
    this.#request = request;
    return { future, fn, args, deps, request, key, wanted: (fields & has.wanted) !== 0 };
  }
}

function next(future: number): FutureId {
  if (!Number.isSafeInteger(future + 1)) throw new Error("a number is too large");
  return futureId(future + 1);
}

function known(before: number): number {
  if (before === none) throw new Error("there is no task before the first");
  return before;
}

function writeRequest(to: CompactWriter, request: TaskRequest): void {
  to.uint(request.retries);
  to.float(request.priority);
  writeAmounts(to, request.resources);
  writeWords(to, request.workers);
  to.flag(request.allowOtherWorkers);
  to.float(request.timeoutMs);
}

const readRequest = (from: CompactReader): TaskRequest => ({
  retries: from.uint(),
  priority: from.finite(),
  resources: readAmounts(from),
  workers: readList(from, readWord),
  allowOtherWorkers: from.flag(),
  timeoutMs: readAmount(from),
});

/** They are dropped in any order, mostly in that in which they were made. */
export const releaseForm: CompactForm<Extract<ClientToScheduler, { op: "release" }>> = {
  op: "release",
  write(to, { futures }) {
    to.uint(futures.length);
    let base = 0;
    for (const future of futures) {
      writeFuture(to, future, base);
      base = baseAfter(future);
    }
  },
  read(from) {
    let base = 0;
    const futures = readBulk(from, (each) => {
      const future = readFuture(each, base);
      base = baseAfter(future);
      return future;
    });
    return { op: "release", futures };
  },
};

/** Steps forward of less than this take a byte, as most do. */
const stepMax = 0x80;

const baseAfter = (future: number): number => Math.min(future + stepMax, Number.MAX_SAFE_INTEGER);
