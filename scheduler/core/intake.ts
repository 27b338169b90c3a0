import type { WireError } from "../../protocol/errors.ts";
import type { FutureId } from "../../protocol/ids.ts";
import type { Submission, TaskRequest, TaskSpec } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { enroll } from "./enter.ts";
import type { FnRecord } from "./functions.ts";
import { graphOrder, topological } from "./order.ts";
import { recordSubmitted } from "./recording.ts";
import { settleAll } from "./settle.ts";
import type { SchedulerState } from "./state.ts";
import { Task } from "./task.ts";
import { compute, tellErred, tellFinished } from "./transitions.ts";
import { wireError } from "./wire-error.ts";

/** A submission that was checked whole: nothing in it can fail any more. */
interface Plan {
  readonly fns: readonly FnRecord[];
  readonly keys: readonly string[];
  /** Per task, for each of its deps: an index into the submission, or the task behind a future the client held before. */
  readonly deps: readonly (readonly (number | Task)[])[];
  readonly order: Uint32Array;
}

/** Takes all of a submission, or refuses all of it with one error. */
export function submit(state: SchedulerState, client: ClientRecord, submission: Submission): void {
  // What was released in the same frame must not stand for what is submitted after it.
  settleAll(state);
  const plan = check(state, client, submission);
  if ("code" in plan) {
    state.toClient(client, { op: "rejected", submission: submission.submission, error: plan });
    return;
  }
  state.toClient(client, { op: "accepted", submission: submission.submission });
  const created = create(state, client, submission, plan, positionOf(state, submission));
  recordSubmitted(state, submission.run, created.length);
  // Inputs first, so that a task finds its inputs' states settled when its own is decided.
  for (const task of created) compute(state, task);
}

/** Where a submission stands in the order of tasks: its generation, and the first of its tasks within that. */
interface Position {
  /** Added to the priority of each of its tasks. */
  readonly priority: number;
  readonly generation: number;
  readonly first: number;
}

/**
 * What a task submits comes before all that is still to be started of the parent's generation from the parent on: so a
 * recursion goes into the depth, and only as many parents wait at a time as it is deep.
 */
function positionOf(state: SchedulerState, { parent: key, tasks }: Submission): Position {
  const parent = key === undefined ? undefined : state.keys.get(key);
  if (parent !== undefined) {
    const [lowered, generation, order] = parent.priority;
    return { priority: -lowered, generation, first: order - tasks.length };
  }
  state.generation++;
  return { priority: 0, generation: state.generation, first: 0 };
}

function check(state: SchedulerState, client: ClientRecord, submission: Submission): Plan | WireError {
  const { tasks, prefix } = submission;
  const indexOf = new Map<FutureId, number>();
  for (const [index, spec] of tasks.entries()) {
    if (indexOf.has(spec.future) || client.futures.has(spec.future)) {
      return wireError(
        "BAD_FRAME",
        `The submission names the future ${spec.future} twice; every task needs a number of its own.`,
      );
    }
    indexOf.set(spec.future, index);
  }
  const fns: FnRecord[] = [];
  const keys: string[] = [];
  const deps: (number | Task)[][] = [];
  const inner: number[][] = [];
  for (const spec of tasks) {
    const fn = client.fns.get(spec.fn);
    if (fn === undefined || submission.requests[spec.request] === undefined) {
      return wireError(
        "BAD_FRAME",
        `The task ${spec.future} names a function or a request that was never sent; send define-fn before the submission that uses it.`,
      );
    }
    const key = spec.key ?? `${fn.name}-${spec.future}-${prefix}`;
    const resolved: (number | Task)[] = [];
    for (const dep of spec.deps) {
      const target = indexOf.get(dep) ?? client.futures.get(dep);
      if (target === undefined) {
        return wireError(
          "UNKNOWN_FUTURE",
          `The task "${key}" needs the future ${dep}, which this client does not hold (released, or of another client). Keep a future until the tasks that use it were submitted.`,
          { key },
        );
      }
      resolved.push(target);
    }
    deps.push(resolved);
    inner.push(resolved.filter((target) => typeof target === "number"));
    fns.push(fn);
    keys.push(key);
  }
  const { cyclic } = topological(inner);
  if (cyclic.length > 0) {
    const names = cycleAmong(inner, cyclic).map((index) => `"${keys[index]}"`);
    return wireError(
      "CYCLIC_GRAPH",
      `The graph has a cycle, so none of its tasks could ever start: ${names.join(" → ")}. Remove one of these dependencies.`,
      { keys: names },
    );
  }
  const plan: Plan = { fns, keys, deps, order: graphOrder(inner) };
  return conflict(state, tasks, plan) ?? plan;
}

/** Follows inputs among the tasks that lie on or behind a cycle until one comes again. */
function cycleAmong(deps: readonly (readonly number[])[], cyclic: readonly number[]): number[] {
  const suspects = new Set(cyclic);
  const path: number[] = [];
  let task = cyclic[0] as number;
  while (!path.includes(task)) {
    path.push(task);
    task = deps[task]?.find((input) => suspects.has(input)) as number;
  }
  return [...path.slice(path.indexOf(task)), task];
}

/** The same key must mean the same work, whoever submits it. */
function conflict(state: SchedulerState, tasks: readonly TaskSpec[], plan: Plan): WireError | undefined {
  const seen = new Map<string, number>();
  for (const [index, spec] of tasks.entries()) {
    if (spec.key === undefined) continue;
    const fn = plan.fns[index] as FnRecord;
    const twin = seen.get(spec.key);
    seen.set(spec.key, index);
    const existing = state.keys.get(spec.key);
    const deps = plan.deps[index] ?? [];
    const sameAsTwin =
      twin === undefined ||
      (plan.fns[twin] === fn && sameBytes(tasks[twin]?.args ?? [], spec.args) && sameList(plan.deps[twin] ?? [], deps));
    const sameAsExisting =
      existing === undefined ||
      (existing.fn === fn && sameBytes(existing.args, spec.args) && sameKeys(existing.inputs, deps, plan.keys));
    if (!sameAsTwin || !sameAsExisting) {
      return wireError(
        "KEY_CONFLICT",
        `The key "${spec.key}" already stands for other work (another function, or other arguments). Give this task a key of its own, or release the futures of the other first.`,
        { key: spec.key },
      );
    }
  }
  return undefined;
}

function sameBytes(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  return a.length === b.length && a.every((chunk, i) => sameChunk(chunk, b[i] as Uint8Array));
}

const sameChunk = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);

function sameKeys(existing: readonly Task[], deps: readonly (number | Task)[], keys: readonly string[]): boolean {
  const keyOf = (dep: number | Task): string | undefined => (typeof dep === "number" ? keys[dep] : dep.key);
  return sameList(
    existing.map((task) => task.key),
    deps.map(keyOf),
  );
}

/** Makes the records, inputs before dependents; a key that is known already stands for the task that it named. */
function create(
  state: SchedulerState,
  client: ClientRecord,
  submission: Submission,
  plan: Plan,
  { priority: base, generation, first }: Position,
): Task[] {
  const { tasks, requests } = submission;
  const run = state.run(submission.run);
  const byIndex: Task[] = new Array(tasks.length);
  const created: Task[] = [];
  const byRank = new Uint32Array(tasks.length);
  plan.order.forEach((rank, index) => {
    byRank[rank] = index;
  });
  for (const index of byRank) {
    const spec = tasks[index] as TaskSpec;
    const key = plan.keys[index] as string;
    const inputs = (plan.deps[index] ?? []).map((dep) => (typeof dep === "number" ? (byIndex[dep] as Task) : dep));
    let task = state.keys.get(key);
    // Its inputs may be called the same and be others, if somebody cancelled those: then it gives its key up, as they did.
    if (task === undefined || !sameList(task.inputs, inputs)) {
      const fn = plan.fns[index] as FnRecord;
      const request = requests[spec.request] as TaskRequest;
      const priority = [-(base + request.priority), generation, first + (plan.order[index] ?? 0)] as const;
      const placement = state.placements.intern(request);
      task = new Task(state.nextTaskId(), key, fn, spec.args, inputs, request, run, placement, priority, fn.estimate);
      task.nested = submission.parent !== undefined;
      enroll(state, task);
      state.keys.set(key, task);
      created.push(task);
    }
    byIndex[index] = task;
    if (spec.wanted) want(state, client, spec.future, task);
    else state.unsettled.push(task);
  }
  state.dropRunIfEmpty(run);
  return created;
}

function want(state: SchedulerState, client: ClientRecord, future: FutureId, task: Task): void {
  const entry = { client, future };
  client.futures.set(future, task);
  task.wants.push(entry);
  if (task.state.kind === "memory") tellFinished(state, task, entry);
  else if (task.state.kind === "erred") tellErred(state, entry, task.state.error);
  else if (task.state.kind === "released") compute(state, task);
}
