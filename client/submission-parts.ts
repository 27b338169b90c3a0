import type { FutureId } from "../protocol/ids.ts";
import type { TaskRequest, TaskSpec } from "../protocol/messages.ts";
import { encodedBytes } from "../protocol/value.ts";
import type { ReadyTask } from "./submissions.ts";

/** One submission. */
export interface SubmissionPart {
  readonly run: string;
  readonly requests: TaskRequest[];
  readonly tasks: TaskSpec[];
}

/** Well below what one frame may hold, whatever the fields around the arguments add. */
const partBytesMax = 24 * 2 ** 20;
/** What a task's fields take beside its arguments, generously. */
const taskBytes = 64;

export interface Parts {
  readonly parts: readonly SubmissionPart[];
  /** Futures that only a later part needed: to be released once all parts were sent. */
  readonly released: readonly FutureId[];
}

/**
 * Groups tasks, which come with inputs before their dependents, into submissions: a new one where the run changes or the
 * frame would grow too large. Equal requests of a submission are stated once.
 */
export function packParts(tasks: readonly ReadyTask[], bytesMax: number = partBytesMax): Parts {
  const packed: { part: SubmissionPart; requestIndex: Map<TaskRequest | string, number> }[] = [];
  const partOf = new Map<FutureId, number>();
  let bytes = 0;
  for (const task of tasks) {
    const more = encodedBytes(task.args) + taskBytes + 5 * task.deps.length + 3 * (task.key?.length ?? 0);
    const last = packed.at(-1);
    if (last === undefined || last.part.run !== task.run || bytes + more > bytesMax) {
      packed.push({ part: { run: task.run, requests: [], tasks: [] }, requestIndex: new Map() });
      bytes = 0;
    }
    bytes += more;
    partOf.set(task.future, packed.length - 1);
  }
  const crossing = new Set<FutureId>();
  for (const task of tasks) {
    for (const dep of task.deps) {
      const home = partOf.get(dep);
      if (home !== undefined && home !== partOf.get(task.future)) crossing.add(dep);
    }
  }
  const released: FutureId[] = [];
  for (const task of tasks) {
    const { part, requestIndex } = packed[partOf.get(task.future) ?? 0] as (typeof packed)[number];
    const kept = !task.wanted && crossing.has(task.future);
    if (kept) released.push(task.future);
    part.tasks.push({
      future: task.future,
      fn: task.fnId,
      args: task.args,
      deps: task.deps,
      request: indexOf(task.request, part.requests, requestIndex),
      ...(task.key === undefined ? {} : { key: task.key }),
      wanted: task.wanted || kept,
    });
  }
  return { parts: packed.map(({ part }) => part), released };
}

/** By identity first: a task that is submitted many times without options brings the same request each time. */
function indexOf(request: TaskRequest, requests: TaskRequest[], known: Map<TaskRequest | string, number>): number {
  const same = known.get(request);
  if (same !== undefined) return same;
  const text = JSON.stringify(request);
  const index = known.get(text) ?? requests.push(request) - 1;
  known.set(request, index);
  known.set(text, index);
  return index;
}
