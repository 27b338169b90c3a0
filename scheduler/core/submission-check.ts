import type { WireError } from "../../protocol/errors.ts";
import type { FnId, FutureId } from "../../protocol/ids.ts";
import type { Submission, TaskSpec } from "../../protocol/messages.ts";
import type { ClientRecord } from "./client-record.ts";
import { FutureIndex } from "./future-index.ts";
import { isSameValue } from "./kept-values.ts";
import { madeKey } from "./keys.ts";
import { Links } from "./links.ts";
import { topological } from "./order.ts";
import type { SchedulerState } from "./state.ts";
import type { Task } from "./task.ts";
import { wireError } from "./wire-error.ts";

/** A submission that was checked whole: nothing in it can fail any more. */
export interface Plan {
  /** Whose inputs are which: those below `count` are tasks of the submission, the others `held[input - count]`. */
  readonly links: Links;
  /** Tasks behind futures that the client held before, one for each time that it names one. */
  readonly held: readonly Task[];
  /** The links within the submission. */
  readonly inner: Links;
}

export function check(state: SchedulerState, client: ClientRecord, submission: Submission): Plan | WireError {
  const { tasks } = submission;
  const index = new FutureIndex(tasks);
  for (let i = 0; i < tasks.length; i++) {
    const { future } = tasks[i] as TaskSpec;
    if (!index.add(future, i) || isTaken(client, future)) {
      return wireError(
        "BAD_FRAME",
        `The submission names the future ${future} twice; every task needs a number of its own.`,
      );
    }
  }
  const plan = link(client, submission, index);
  if ("code" in plan) return plan;
  const keyed = tasks.some(({ key }) => key !== undefined);
  return cycle(client, submission, plan) ?? (keyed ? conflict(state, client, submission, plan) : undefined) ?? plan;
}

/** Whether the future stands for something already, or will once its value has been scattered. */
export const isTaken = (client: ClientRecord, future: FutureId): boolean =>
  client.futures.has(future) || client.scattering.has(future);

function link(client: ClientRecord, submission: Submission, index: FutureIndex): Plan | WireError {
  const { tasks, requests } = submission;
  const starts = new Uint32Array(tasks.length + 1);
  for (let i = 0; i < tasks.length; i++) starts[i + 1] = (starts[i] as number) + (tasks[i] as TaskSpec).deps.length;
  const inputs = new Uint32Array(starts[tasks.length] as number);
  const held: Task[] = [];
  let at = 0;
  let knownFn: FnId | undefined;
  for (const spec of tasks) {
    if (spec.fn !== knownFn && client.fns.has(spec.fn)) knownFn = spec.fn;
    if (spec.fn !== knownFn || requests[spec.request] === undefined) {
      return wireError(
        "BAD_FRAME",
        `The task ${spec.future} names a function or a request that was never sent; send define-fn before the submission that uses it.`,
      );
    }
    for (const dep of spec.deps) {
      const inside = index.get(dep);
      const outside = inside === undefined ? client.futures.get(dep) : undefined;
      if (inside === undefined && outside === undefined) return unknownFuture(keyOf(client, submission, spec), dep);
      inputs[at] = inside ?? tasks.length + held.length;
      if (outside !== undefined) held.push(outside);
      at++;
    }
  }
  const links = new Links(starts, inputs);
  return { links, held, inner: held.length === 0 ? links : links.within(tasks.length) };
}

function unknownFuture(key: string, dep: FutureId): WireError {
  return wireError(
    "UNKNOWN_FUTURE",
    `The task "${key}" needs the future ${dep}, which this client does not hold (released, or of another client). Keep a future until the tasks that use it were submitted.`,
    { key },
  );
}

export function keyOf(client: ClientRecord, { prefix }: Submission, { key, fn, future }: TaskSpec): string {
  return key ?? madeKey(client.fns.get(fn)?.name ?? "", future, prefix);
}

function cycle(client: ClientRecord, submission: Submission, { inner }: Plan): WireError | undefined {
  if (inner.isInOrder) return undefined;
  const { cyclic } = topological(inner);
  if (cyclic.length === 0) return undefined;
  const names = cycleAmong(inner, cyclic).map(
    (task) => `"${keyOf(client, submission, submission.tasks[task] as TaskSpec)}"`,
  );
  return wireError(
    "CYCLIC_GRAPH",
    `The graph has a cycle, so none of its tasks could ever start: ${names.join(" → ")}. Remove one of these dependencies.`,
    { keys: names },
  );
}

/** Follows inputs among the tasks that lie on or behind a cycle until one comes again. */
function cycleAmong(links: Links, cyclic: readonly number[]): number[] {
  const suspects = new Set(cyclic);
  const path = new Set<number>();
  let task = cyclic[0] as number;
  while (!path.has(task)) {
    path.add(task);
    task = links.of(task).find((input) => suspects.has(input)) as number;
  }
  const names = [...path];
  return [...names.slice(names.indexOf(task)), task];
}

/** The same key must mean the same work, whoever submits it. */
function conflict(
  state: SchedulerState,
  client: ClientRecord,
  submission: Submission,
  plan: Plan,
): WireError | undefined {
  const { tasks } = submission;
  const seen = new Map<string, number>();
  for (const [index, spec] of tasks.entries()) {
    if (spec.key === undefined) continue;
    const fn = client.fns.get(spec.fn);
    const twin = seen.get(spec.key);
    seen.set(spec.key, index);
    const existing = state.keys.get(spec.key);
    const sameAsTwin = twin === undefined || isSameWork(client, plan, tasks, twin, index);
    const sameAsExisting =
      existing === undefined ||
      (existing.fn === fn &&
        isSameValue(existing.args, spec.args) &&
        sameList(
          existing.inputs.map((task) => task.key),
          Array.from(plan.links.of(index), (input) => inputKey(client, submission, plan, input)),
        ));
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

/** Whether two tasks of a submission are the same, but for what the client calls them. */
function isSameWork(client: ClientRecord, plan: Plan, tasks: readonly TaskSpec[], a: number, b: number): boolean {
  const [one, other] = [tasks[a] as TaskSpec, tasks[b] as TaskSpec];
  const inputsOf = (task: number): (number | Task)[] =>
    Array.from(plan.links.of(task), (input) => plan.held[input - tasks.length] ?? input);
  return (
    client.fns.get(one.fn) === client.fns.get(other.fn) &&
    isSameValue(one.args, other.args) &&
    sameList(inputsOf(a), inputsOf(b))
  );
}

function inputKey(client: ClientRecord, submission: Submission, { held }: Plan, input: number): string | undefined {
  const { tasks } = submission;
  return input < tasks.length ? keyOf(client, submission, tasks[input] as TaskSpec) : held[input - tasks.length]?.key;
}

export const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => item === b[i]);
